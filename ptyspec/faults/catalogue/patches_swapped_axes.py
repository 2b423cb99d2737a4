"""Patches are cut at (y, x) (failure signature 17)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _swapped(extract: Callable[[Array, Array, int], Array]) -> Callable[[Array, Array, int], Array]:
    def wrong(obj: Array, positions: Array, size: int) -> Array:
        return extract(obj, np.asarray(positions)[:, ::-1], size)

    return wrong


FAULT = Fault(
    id="patches-swapped-axes",
    stage="simulate",
    story="x is taken for the row and y for the column where patches are cut",
    patches=(Patch("ptyspec.physics.geometry:extract_patches", _swapped),),
    red=("TRANSLATE-002", "COORDS-005", "COORDS-002"),
    green=("COORDS-003", "FORWARD-006", "STITCH-002"),
    signatures=(17,),
)
