"""The phase of the object is lost on the way through the dictionary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _without_phase(read_object: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    return lambda cfg, said: {**read_object(cfg, said), "object.phase": "none"}


FAULT = Fault(
    id="phase-lost-in-bridge",
    stage="settings",
    story="a dictionary means an object without phase",
    patches=(Patch("ptyspec.legacy.effective:_object", _without_phase),),
    red=("BRIDGE-008",),
    green=("BRIDGE-009", "CONFIG-001", "DOSE-EXPERIMENTS-003"),
)
