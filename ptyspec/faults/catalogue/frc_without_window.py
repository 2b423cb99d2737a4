"""The ring correlation is taken without a window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _flat(hann: Callable[[int], Array]) -> Callable[[int], Array]:
    return lambda size: np.ones_like(hann(size))


FAULT = Fault(
    id="frc-without-window",
    stage="score",
    story="the jump at the frame's edge correlates at every frequency",
    patches=(Patch("ptyspec.scores.frc:_hann", _flat),),
    red=("SCORE-010",),
    green=("SCORE-007", "SCORE-003", "GAUGE-001"),
)
