"""Pixels without light count as zeros of the object (failure signature 59)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.faults.fault import Fault, Patch
from ptyspec.scores.frame import Frame


def _whole(
    cut: Callable[[Reconstruction, Array], Frame],
) -> Callable[[Reconstruction, Array], Frame]:
    def wrong(reconstruction: Reconstruction, truth: Array) -> Frame:
        filled = {
            "object": np.nan_to_num(reconstruction.object),
            "coverage": np.maximum(reconstruction.coverage, 1e-6),
        }
        return cut(reconstruction.model_copy(update=filled), truth)

    return wrong


FAULT = Fault(
    id="uncovered-pixels-scored",
    stage="score",
    story="the whole frame is compared, dark pixels included",
    patches=(Patch("ptyspec.scores.frame:cut", _whole),),
    red=("SCORE-001", "SCORE-002", "SCORE-008"),
    green=("SCORE-003", "SCORE-004", "GAUGE-005"),
    signatures=(59,),
)
