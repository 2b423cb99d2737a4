"""A loss weight that multiplies nothing is accepted (failure signature 41)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _lenient(validate: Callable[..., None]) -> Callable[..., None]:
    def wrong(values: Mapping[str, Any]) -> None:
        validate({**values, "realspace_weight": 0, "realspace_mae_weight": 0, "tv_weight": 0})

    return wrong


FAULT = Fault(
    id="weightless-term-accepted",
    stage="settings",
    story="realspace_weight without any of its parts passes validation",
    patches=(Patch("ptyspec.legacy.params:validate", _lenient),),
    red=("PARAM-004",),
    green=("PARAM-002",),
    signatures=(41,),
)
