"""All dictionaries share one table of defaults (failure signature 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _shared(legacy_defaults: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}

    def wrong(branch: Any = "main") -> dict[str, Any]:
        return made.setdefault(branch, legacy_defaults(branch))

    return wrong


FAULT = Fault(
    id="one-default-dictionary",
    stage="settings",
    story="the defaults are made once, and every dictionary writes into them",
    patches=(Patch("ptyspec.legacy.params:legacy_defaults", _shared),),
    red=("PARAM-005",),
    green=("PARAM-002",),
    signatures=(3, 5),
)
