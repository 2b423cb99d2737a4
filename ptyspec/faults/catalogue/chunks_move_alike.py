"""Every chunk of patches but the first moves by the fractions of the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _alike(aligned: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(patches: Array, weight: Array, fractions: Array) -> Any:
        from ptyspec.physics.stitch import CHUNK

        return aligned(patches, weight, fractions[np.arange(len(fractions)) % CHUNK])

    return wrong


FAULT = Fault(
    id="chunks-move-alike",
    stage="stitch",
    story="a chunk takes the fractions of a pixel from the head of the list",
    patches=(Patch("ptyspec.physics.stitch:aligned", _alike),),
    red=("PINN-CHUNKED-001", "STITCH-005"),
    green=("STITCH-001", "STITCH-GRIDSIZE-001", "STITCH-003"),
)
