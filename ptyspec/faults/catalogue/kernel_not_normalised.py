"""The weights of a sample between pixels are not brought to a sum of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _raw(matrix: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(rows: int, columns: int, start: Array, kind: Any = "lanczos") -> Array:
        from ptyspec.physics.interpolate import kernel

        at = np.asarray(start, np.float64)[..., None, None] + np.arange(rows)[:, None]
        return np.asarray(kernel(np.arange(columns) - at, kind))

    return wrong


FAULT = Fault(
    id="kernel-not-normalised",
    stage="simulate",
    story="a constant object ripples with the fraction of a pixel by which it moves",
    patches=(Patch("ptyspec.physics.interpolate:sampling_matrix", _raw),),
    red=("TRANSLATE-003",),
    green=("TRANSLATE-001", "FORWARD-001", "COORDS-003"),
)
