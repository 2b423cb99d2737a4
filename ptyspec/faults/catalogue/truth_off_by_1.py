"""The truth is cut one pixel beside the reconstruction (failure signature 58)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.faults.fault import Fault, Patch
from ptyspec.scores.frame import Frame


def _beside(
    cut: Callable[[Reconstruction, Array], Frame],
) -> Callable[[Reconstruction, Array], Frame]:
    def wrong(reconstruction: Reconstruction, truth: Array) -> Frame:
        x, y = reconstruction.origin
        return cut(reconstruction.model_copy(update={"origin": (x + 1, y)}), truth)

    return wrong


FAULT = Fault(
    id="truth-off-by-1",
    stage="score",
    story="the evaluator's frame lies 1 px off",
    patches=(Patch("ptyspec.scores.frame:cut", _beside),),
    red=("REASSEMBLY-METRIC-FRAME-001", "SCORE-007", "GAUGE-008"),
    green=("SCORE-003", "SCORE-004", "GAUGE-006"),
    signatures=(58,),
)
