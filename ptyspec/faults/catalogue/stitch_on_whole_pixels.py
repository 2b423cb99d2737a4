"""Patches are laid on the nearest whole pixel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _rounded(aligned: Callable[..., tuple[Array, Array]]) -> Callable[..., tuple[Array, Array]]:
    def wrong(patches: Array, weight: Array, fractions: Array) -> tuple[Array, Array]:
        return aligned(patches, weight, np.rint(fractions))

    return wrong


FAULT = Fault(
    id="stitch-on-whole-pixels",
    stage="stitch",
    story="the fraction of a position is lost where patches are stitched",
    patches=(Patch("ptyspec.physics.stitch:aligned", _rounded),),
    red=("STITCH-005", "COORDS-002", "STITCH-006"),
    green=("STITCH-001", "STITCH-002", "STITCH-GRIDSIZE-001"),
    signatures=(18,),
)
