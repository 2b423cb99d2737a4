"""Stitching crops a border that the patches no longer have (failure signature 62)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _cropped(weight: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def wrong(probe: Array) -> Array:
        size = len(probe)
        return np.asarray(weight(probe) * np.pad(np.ones((size - 4, size - 4), np.float32), 2))

    return wrong


FAULT = Fault(
    id="crop-twice",
    stage="stitch",
    story="two rows and columns at every side of a patch are cut off once more",
    patches=(Patch("ptyspec.physics.stitch:illumination_weight", _cropped),),
    red=("REASSEMBLY-M-CONTRACT-001",),
    green=("STITCH-001", "STITCH-003", "MERGE-002"),
    signatures=(62,),
)
