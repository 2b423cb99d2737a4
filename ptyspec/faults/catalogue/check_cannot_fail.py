"""Comparisons accept everything: the suite is green whatever the pipeline does (failure signature 65)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _silent(close: Callable[..., None]) -> Callable[..., None]:
    return lambda check, observed, expected, what, tolerance=None: None


FAULT = Fault(
    id="check-cannot-fail",
    stage="evidence",
    story="close compares nothing",
    patches=(Patch("ptyspec.spec.checks:Check.close", _silent),),
    red=("EVID-006",),
    green=("EVID-005", "EVID-007", "EVID-008"),
    signatures=(65,),
)
