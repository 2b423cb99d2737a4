"""One score has two names: that which is written is not that which reports ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _renamed(scores: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def wrong(frame: Any) -> dict[str, Any]:
        made = scores(frame)
        return {
            {"highpass_pearson_r": "highpass_r"}.get(name, name): value
            for name, value in made.items()
        }

    return wrong


FAULT = Fault(
    id="score-renamed",
    stage="score",
    story="highpass_pearson_r is written as highpass_r",
    patches=(Patch("ptyspec.scores.amplitude:amplitude_scores", _renamed),),
    red=("METRICS-NAMING-001",),
    green=("SCORE-003", "SCORE-004", "SCORE-012"),
)
