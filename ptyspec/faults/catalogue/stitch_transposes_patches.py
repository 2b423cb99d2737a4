"""Patches arrive at the canvas transposed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.faults.fault import Fault, Patch


def _transposed(stitch: Callable[..., Reconstruction]) -> Callable[..., Reconstruction]:
    def wrong(patches: Patches, **settings: Any) -> Reconstruction:
        turned = patches.model_copy(update={"object": np.swapaxes(patches.object, 1, 2)})
        return stitch(turned, **settings)

    return wrong


FAULT = Fault(
    id="stitch-transposes-patches",
    stage="stitch",
    story="rows and columns of every patch change places between network and canvas",
    patches=(Patch("ptyspec.physics.stitch:stitch", _transposed),),
    red=("STITCH-005", "COORDS-002", "STITCH-GRIDSIZE-001"),
    green=("STITCH-002", "STITCH-003", "BASELINE-OFFSET-001"),
    signatures=(17,),
)
