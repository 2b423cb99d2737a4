"""A group's members are summed and never divided by their weight (failure signature 50)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _undivided(merge: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(
        patches: Array, relative: Array, weight: Array, canvas: int, fill: complex = 1.0
    ) -> Array:
        from ptyspec.physics.merge import placement

        merged = merge(patches, relative, weight, canvas, fill)
        vertical, horizontal = placement(relative, patches.shape[1], canvas, "linear")
        light = (vertical @ weight @ np.swapaxes(horizontal, -1, -2)).sum(axis=1)
        return np.asarray(np.where(light > 0, merged * light, merged))

    return wrong


FAULT = Fault(
    id="merge-not-divided",
    stage="infer",
    story="the merged canvas is brighter where more members overlap",
    patches=(Patch("ptyspec.physics.merge:merge_group", _undivided),),
    red=("MERGE-001", "MERGE-002", "MERGE-003"),
    green=("MERGE-004", "GROUP-009", "CANVAS-003"),
    signatures=(50,),
)
