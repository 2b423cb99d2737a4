"""A run without a terminal says nothing until a stage ends."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _silent(show: Callable[..., None]) -> Callable[..., None]:
    return lambda progress, done, total, note, unit="": None


FAULT = Fault(
    id="progress-silent",
    stage="run",
    story="hours of training look like a process that hangs",
    patches=(Patch("ptyspec.cli.progress:RichProgress._show", _silent),),
    red=("RUN-009",),
    green=("RUN-001", "FLOW-001"),
)
