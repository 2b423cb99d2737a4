"""A refusal names the first stale key alone: the next run is refused for the second."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _first(init: Callable[..., None]) -> Callable[..., None]:
    return lambda error, stale, stage: init(error, stale[:1], stage)


FAULT = Fault(
    id="one-stale-key-named",
    stage="settings",
    story="ConfigSyncError lists one entry of several",
    patches=(Patch("ptyspec.legacy.bridge:ConfigSyncError.__init__", _first),),
    red=("BRIDGE-007", "SIM-LINES-CONFIG-001"),
    green=("CONFIG-001", "LEGACY-003"),
)
