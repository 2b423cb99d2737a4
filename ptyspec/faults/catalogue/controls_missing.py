"""The untrained network is left out of the controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch
from ptyspec.runs.evaluate import Verdict


def _without(evaluate: Callable[..., Verdict]) -> Callable[..., Verdict]:
    def wrong(*parts: Any, **named: Any) -> Verdict:
        made = evaluate(*parts, **named)
        scores = {
            name: block for name, block in made.metrics["controls"].items() if name != "untrained"
        }
        others = {name: obj for name, obj in made.controls.items() if name != "untrained"}
        return replace(made, metrics=made.metrics | {"controls": scores}, controls=others)

    return wrong


FAULT = Fault(
    id="controls-missing",
    stage="score",
    story="a result stands without the control that shows what training did",
    patches=(Patch("ptyspec.runs.evaluate:evaluate", _without),),
    red=("SCORE-009",),
    green=("EVID-003", "EVID-004"),
)
