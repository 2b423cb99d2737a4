"""The frame itself is not counted off: groups reach one neighbour further than K."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _further(nearest_others: Callable[..., Array]) -> Callable[..., Array]:
    return lambda positions, count: nearest_others(positions, min(count + 1, len(positions) - 1))


FAULT = Fault(
    id="one-neighbour-more",
    stage="group",
    story="members are drawn from the K + 1 nearest others",
    patches=(Patch("ptyspec.pipeline.group:_nearest_others", _further),),
    red=("GROUP-003",),
    green=("GROUP-001", "GROUP-006", "GROUP-008"),
)
