"""Patches are cut at whole pixels, whatever the positions say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _rounded(extract: Callable[[Array, Array, int], Array]) -> Callable[[Array, Array, int], Array]:
    def wrong(obj: Array, positions: Array, size: int) -> Array:
        return extract(obj, np.rint(positions), size)

    return wrong


FAULT = Fault(
    id="patches-on-whole-pixels",
    stage="simulate",
    story="positions are rounded where patches are cut, and nowhere else",
    patches=(Patch("ptyspec.physics.geometry:extract_patches", _rounded),),
    red=("TRANSLATE-002", "STITCH-005", "COORDS-002", "MERGE-003"),
    green=("COORDS-005", "STITCH-002", "SCALE-002"),
    signatures=(18,),
)
