"""A frame is taken out of its own neighbours by column; duplicates break that (failure signature 22)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _first_column(nearest_others: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(positions: Array, count: int) -> Array:
        from scipy.spatial import cKDTree

        near: Array = cKDTree(positions).query(positions, k=count + 1)[1]
        return near[:, 1:].astype("int64")

    return wrong


FAULT = Fault(
    id="self-by-column",
    stage="group",
    story="the first neighbour is dropped as if it always were the frame itself",
    patches=(Patch("ptyspec.pipeline.group:_nearest_others", _first_column),),
    red=("GROUP-002", "GROUP-003"),
    green=("GROUP-007", "GROUP-010", "GROUP-005"),
    signatures=(22,),
)
