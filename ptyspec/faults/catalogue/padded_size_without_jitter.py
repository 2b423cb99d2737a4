"""The legacy model's padded size leaves out the room for jitter (failure signature 64)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _tight(derived_sizes: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(values: Any) -> Any:
        made = derived_sizes(values)
        return replace(made, padded=made.bigN)

    return wrong


FAULT = Fault(
    id="padded-size-without-jitter",
    stage="settings",
    story="padded_size is bigN",
    patches=(Patch("ptyspec.legacy.params:derived_sizes", _tight),),
    red=("PARAM-002",),
    green=("PARAM-004", "DOSE-EXPERIMENTS-002"),
    signatures=(64,),
)
