"""Entries that no stage acts on are passed over."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _passed(check: Callable[..., None]) -> Callable[..., None]:
    return lambda cfg: None


FAULT = Fault(
    id="unserved-entry-accepted",
    stage="settings",
    story="a trainable probe in the dictionary is accepted and has no effect",
    patches=(Patch("ptyspec.legacy.effective:_check_served", _passed),),
    red=("BRIDGE-009",),
    green=("BRIDGE-008", "CONFIG-001", "LEGACY-006"),
)
