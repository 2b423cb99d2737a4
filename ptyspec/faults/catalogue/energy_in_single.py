"""Energies are squared and summed in single precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _single(mean_energy: Callable[..., float]) -> Callable[..., float]:
    def wrong(amplitude: Array) -> float:
        frames = np.asarray(amplitude, np.float32)
        total = np.float32(0.0)
        for frame in frames:
            total = np.float32(total + np.sum(frame * frame, dtype=np.float32))
        return float(total) / len(frames)

    return wrong


FAULT = Fault(
    id="energy-in-single",
    stage="normalize",
    story="sums of squares are kept in the dtype of the frames",
    patches=(Patch("ptyspec.physics.scale:mean_energy", _single),),
    red=("NORM-004", "NORM-003"),
    green=("NORM-002", "NORM-006", "SCALE-005"),
    signatures=(30,),
)
