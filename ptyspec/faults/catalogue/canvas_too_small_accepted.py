"""A canvas that cuts the groups is used all the same (failure signature 64)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _unchecked(check: Callable[..., None]) -> Callable[..., None]:
    return lambda relative, size, canvas: None


FAULT = Fault(
    id="canvas-too-small-accepted",
    stage="train",
    story="fits_canvas is false and the run goes on",
    patches=(Patch("ptyspec.physics.merge:check_canvas", _unchecked),),
    red=("CANVAS-003",),
    green=("CANVAS-001", "MERGE-001", "MERGE-002"),
    signatures=(64,),
)
