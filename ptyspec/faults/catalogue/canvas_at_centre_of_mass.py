"""The stitched canvas is anchored at the scan's centre of mass (failure signature 58)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.faults.fault import Fault, Patch


def _anchored(stitch: Callable[..., Reconstruction]) -> Callable[..., Reconstruction]:
    def wrong(patches: Patches, **settings: Any) -> Reconstruction:
        made = stitch(patches, **settings)
        height, width = made.object.shape
        x, y = np.moveaxis(patches.coords[:, 0], 1, 2).reshape(-1, 2).mean(axis=0)
        return made.model_copy(update={"origin": (round(x - width / 2), round(y - height / 2))})

    return wrong


FAULT = Fault(
    id="canvas-at-centre-of-mass",
    stage="stitch",
    story="the canvas' middle is taken for the mean position, pixels away from where it is",
    patches=(Patch("ptyspec.physics.stitch:stitch", _anchored),),
    red=("STITCH-001", "STITCH-005", "COORDS-002"),
    green=("STITCH-002", "STITCH-003", "BASELINE-OFFSET-001"),
    signatures=(58,),
)
