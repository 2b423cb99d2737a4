"""The canvas inside the model grows by the largest offset once, not on both sides (failure signature 63)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _one_sided(required: Callable[[Array, int], int]) -> Callable[[Array, int], int]:
    return lambda relative, size: size + (required(relative, size) - size) // 2


FAULT = Fault(
    id="canvas-one-sided",
    stage="train",
    story="N + max|relative| where N + 2 max|relative| is needed",
    patches=(Patch("ptyspec.physics.geometry:required_canvas", _one_sided),),
    red=("CANVAS-001",),
    green=("STITCH-001", "COORDS-003", "GROUP-001"),
    signatures=(63,),
)
