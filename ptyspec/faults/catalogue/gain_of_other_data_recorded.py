"""The recorded gain is not the one in use (failure signature 31)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _other(containers: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(note: Any, made: Any, scenario: Any) -> Any:
        found = containers(note, made, scenario)
        found.number("gain", 1.0)
        return found

    return wrong


FAULT = Fault(
    id="gain-of-other-data-recorded",
    stage="run",
    story="the stage record says that the gain is 1",
    patches=(Patch("ptyspec.runs.notes:containers", _other),),
    red=("RUN-003",),
    green=("RUN-002", "FLOW-001", "FLOW-006"),
    signatures=(31,),
)
