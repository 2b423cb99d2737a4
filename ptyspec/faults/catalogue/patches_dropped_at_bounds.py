"""Patches that touch the canvas' first row or column are dropped (failure signature 61)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _bounded(add: Callable[[Array, Array, Array], None]) -> Callable[[Array, Array, Array], None]:
    def wrong(canvas: Array, images: Array, base: Array) -> None:
        inside = (np.asarray(base) > 0).all(axis=1)
        add(canvas, images[inside], base[inside])

    return wrong


FAULT = Fault(
    id="patches-dropped-at-bounds",
    stage="stitch",
    story="an off-by-one in the bounds check of the accumulator",
    patches=(Patch("ptyspec.physics.stitch:add", _bounded),),
    red=("STITCH-002", "BASELINE-OFFSET-001", "STITCH-GRIDSIZE-001"),
    green=("STITCH-005", "STITCH-008", "COORDS-002"),
    signatures=(60, 61),
)
