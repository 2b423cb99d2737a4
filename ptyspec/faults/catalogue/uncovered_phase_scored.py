"""The phase of uncovered pixels, angle 0 = 0, is scored (failure signature 77)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch
from ptyspec.scores.frame import Frame


def _everywhere(scores: Callable[[Frame], dict[str, Any]]) -> Callable[[Frame], dict[str, Any]]:
    return lambda frame: scores(replace(frame, mask=np.ones_like(frame.mask)))


FAULT = Fault(
    id="uncovered-phase-scored",
    stage="score",
    story="the phase error is a mean over the whole frame, in which every dark pixel is a perfect one",
    patches=(Patch("ptyspec.scores.phase:phase_scores", _everywhere),),
    red=("SCORE-002",),
    green=("SCORE-001", "SCORE-003", "SCORE-006"),
    signatures=(77,),
)
