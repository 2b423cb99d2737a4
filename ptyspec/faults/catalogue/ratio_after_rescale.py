"""The amplitude ratio is that of the least-squares scaled prediction (failure signature 66)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch
from ptyspec.scores.frame import Frame


def _after(scores: Callable[[Frame], dict[str, Any]]) -> Callable[[Frame], dict[str, Any]]:
    def wrong(frame: Frame) -> dict[str, Any]:
        block = scores(frame)
        ratio, factor = block["mean_ratio"], block["least_squares_scalar"]
        return block if ratio is None or factor is None else block | {"mean_ratio": ratio * factor}

    return wrong


FAULT = Fault(
    id="ratio-after-rescale",
    stage="score",
    story="the ratio is taken after the factor that it should show was applied",
    patches=(Patch("ptyspec.scores.amplitude:amplitude_scores", _after),),
    red=("SCORE-003", "SCORE-007"),
    green=("SCORE-001", "SCORE-002", "GAUGE-001"),
    signatures=(33, 66),
)
