"""The record says that the canvas fits, whatever it has to hold (failure signature 64)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _fits(containers: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(note: Any, made: Any, scenario: Any) -> Any:
        found = containers(note, made, scenario)
        if scenario.model.canvas:
            found.number("required_canvas", scenario.model.canvas)
            found.flag("fits_canvas", True)
        return found

    return wrong


FAULT = Fault(
    id="canvas-recorded-as-needed",
    stage="run",
    story="the required canvas is recorded as the one there is",
    patches=(Patch("ptyspec.runs.notes:containers", _fits),),
    red=("RUN-003",),
    green=("RUN-002", "FLOW-001", "FLOW-006"),
    signatures=(64,),
)
