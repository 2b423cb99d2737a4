"""Detector values are squared in their own integer type (failure signature 15)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _wrapped(energy: Callable[[Array], float]) -> Callable[[Array], float]:
    def wrong(amplitude: Array) -> float:
        frames = np.asarray(amplitude)
        if frames.dtype.kind not in "iu":
            return energy(amplitude)
        return float((frames * frames).sum(dtype=np.float64)) / len(frames)

    return wrong


FAULT = Fault(
    id="uint16-wrap",
    stage="normalize",
    story="300^2 is 24464: the cast to floating point was forgotten before the square",
    patches=(Patch("ptyspec.physics.scale:mean_energy", _wrapped),),
    red=("NORMALIZE-DATA-UINT16-001", "NORM-004"),
    green=("NORM-001", "NORM-003", "SCALE-005"),
    signatures=(15,),
)
