"""The mean ratio telescopes and no longer contains the prediction (failure signature 65)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _telescoped(scores: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def wrong(frame: Any) -> dict[str, Any]:
        made = scores(frame)
        return made if made["mean_ratio"] is None else {**made, "mean_ratio": 1.0}

    return wrong


FAULT = Fault(
    id="tautological-ratio",
    stage="score",
    story="mean_ratio is the mean of the truth over itself",
    patches=(Patch("ptyspec.scores.amplitude:amplitude_scores", _telescoped),),
    red=("EVID-001", "SCORE-003"),
    green=("EVID-003", "GAUGE-001", "SCORE-004"),
    signatures=(33, 65),
)
