"""A wrong amplitude ends with exit code 0 (failure signature 64)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _none(violations: Callable[..., list[str]]) -> Callable[..., list[str]]:
    return lambda metrics: []


FAULT = Fault(
    id="violation-is-success",
    stage="run",
    story="violations are printed nowhere and change no exit code",
    patches=(Patch("ptyspec.scores.headline:violations", _none),),
    red=("RUN-008", "GAUGE-007"),
    green=("RUN-001", "RUN-006"),
    signatures=(64,),
)
