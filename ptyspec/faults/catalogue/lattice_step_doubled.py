"""The frames of a group lie twice as far apart as the nested lattice declares."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _doubled(offsets: Callable[[int, float], Array]) -> Callable[[int, float], Array]:
    return lambda gridsize, offset: offsets(gridsize, 2 * offset)


FAULT = Fault(
    id="lattice-step-doubled",
    stage="simulate",
    story="the inner offset is taken for half a step",
    patches=(Patch("ptyspec.physics.nested:member_offsets", _doubled),),
    red=("NESTED-001",),
    green=("NESTED-002", "OBJECT-001", "GROUP-003"),
)
