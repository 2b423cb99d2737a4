"""Pixels that are not finite are left out and not mentioned (failure signature 68)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.container import Reconstruction
from ptyspec.faults.fault import Fault, Patch


def _silent(has_nan: Callable[[Reconstruction], bool]) -> Callable[[Reconstruction], bool]:
    return lambda reconstruction: False


FAULT = Fault(
    id="nan-not-told",
    stage="score",
    story="a reconstruction with holes of NaN has the scores of its better part, and no word about the rest",
    patches=(Patch("ptyspec.scores.frame:has_nan", _silent),),
    red=("SCORE-008", "EVID-001"),
    green=("SCORE-001", "SCORE-002", "SCORE-003"),
    signatures=(68,),
)
