"""The evaluator brings the reconstruction to the truth's mean before scoring (failure signature 33)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.faults.fault import Fault, Patch
from ptyspec.scores.frame import cut


def _rescaled(score: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def wrong(reconstruction: Reconstruction, truth: Array) -> dict[str, Any]:
        frame = cut(reconstruction, truth)
        level, known = np.abs(frame.rec).sum(), np.abs(frame.truth).sum()
        if not (level > 0 and known > 0):
            return score(reconstruction, truth)
        scaled = (reconstruction.object * (known / level)).astype(np.complex64)
        return score(reconstruction.model_copy(update={"object": scaled}), truth)

    return wrong


FAULT = Fault(
    id="evaluator-rescales",
    stage="score",
    story="an object of a quarter of its amplitude is scored as right",
    patches=(Patch("ptyspec.scores.metrics:score", _rescaled),),
    red=("SCORE-003", "EVID-001"),
    green=("SCORE-001", "SCORE-007", "GAUGE-001"),
    signatures=(33,),
)
