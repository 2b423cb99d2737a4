"""A noise ratio with a peak of 255 stands among the scores (failure signature 67)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _with_psnr(scores: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def wrong(frame: Any) -> dict[str, Any]:
        made = scores(frame)
        error = made["rmse"]
        return made if not error else {**made, "psnr": 20 * math.log10(255 / error)}

    return wrong


FAULT = Fault(
    id="psnr-peak-255",
    stage="score",
    story="psnr of an object of order one, with the peak of an 8-bit picture",
    patches=(Patch("ptyspec.scores.amplitude:amplitude_scores", _with_psnr),),
    red=("SCORE-005",),
    green=("SCORE-003", "SCORE-004", "GAUGE-001"),
    signatures=(67,),
)
