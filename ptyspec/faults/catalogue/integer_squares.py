"""Frames are squared in their own integer type, where they wrap (failure signature 15)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _wrapped(mean_energy: Callable[..., float]) -> Callable[..., float]:
    def wrong(amplitude: Array) -> float:
        if not np.issubdtype(amplitude.dtype, np.integer):
            return mean_energy(amplitude)
        return float((amplitude * amplitude).sum(axis=(1, 2), dtype=np.float64).mean())

    return wrong


FAULT = Fault(
    id="integer-squares",
    stage="normalize",
    story="uint16 frames are squared as uint16",
    patches=(Patch("ptyspec.physics.scale:mean_energy", _wrapped),),
    red=("NORMALIZE-DATA-UINT16-001", "NORM-004"),
    green=("NORM-001", "NORM-003", "NORM-005", "SCALE-005"),
    signatures=(15,),
)
