"""The scan is drawn with a seed of the generator's own (failure signature 10)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import ScanSpec
from ptyspec.faults.fault import Fault, Patch


def _fixed(make: Callable[[ScanSpec, int, int], Array]) -> Callable[[ScanSpec, int, int], Array]:
    def wrong(spec: ScanSpec, size: int, seed: int) -> Array:
        return make(spec, size, 42)

    return wrong


FAULT = Fault(
    id="scan-seed-ignored",
    stage="simulate",
    story="the seed of the scan positions is hard-coded: every scan is the same scan",
    patches=(Patch("ptyspec.physics.scan:make_positions", _fixed),),
    red=("SIMULATE-001", "DET-002"),
    green=("PROBE-003", "NORM-002", "SCALE-002"),
    signatures=(10,),
)
