"""An object of ones stands for a truth that is not known (failure signature 26)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _made_up(score: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def wrong(scenario: Any, scan: Any, reconstruction: Any) -> dict[str, Any]:
        if scan.objectGuess is None:
            ones = np.ones(reconstruction.object.shape, np.complex64)
            scan = scan.model_copy(update={"objectGuess": ones})
        return score(scenario, scan, reconstruction)

    return wrong


FAULT = Fault(
    id="ones-for-truth",
    stage="score",
    story="a reconstruction without a truth is scored against a made-up one",
    patches=(Patch("ptyspec.pipeline.score:score", _made_up),),
    red=("SCORE-011",),
    green=("SCORE-012", "LABEL-002", "SCORE-003"),
    signatures=(26,),
)
