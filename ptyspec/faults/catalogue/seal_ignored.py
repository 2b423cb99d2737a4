"""A sealed dictionary is written to: the seal only warns, as upstream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _open(write: Callable[..., None]) -> Callable[..., None]:
    def wrong(cfg: Any, key: str, value: Any) -> None:
        cfg._values[key] = value

    return wrong


FAULT = Fault(
    id="seal-ignored",
    stage="settings",
    story="a write to a sealed dictionary goes through",
    patches=(Patch("ptyspec.legacy.params:Parameters.__setitem__", _open),),
    red=("PARAM-003",),
    green=("BRIDGE-001", "BRIDGE-002", "PARAM-005"),
)
