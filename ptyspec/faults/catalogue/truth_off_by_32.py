"""The truth is cut half a patch beside the reconstruction (failure signature 58)."""

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
        return cut(reconstruction.model_copy(update={"origin": (x + 32, y + 32)}), truth)

    return wrong


FAULT = Fault(
    id="truth-off-by-32",
    stage="score",
    story="the evaluator's frame lies 32 px off: corners are taken for centres",
    patches=(Patch("ptyspec.scores.frame:cut", _beside),),
    red=("REASSEMBLY-METRIC-FRAME-001", "SCORE-007", "GAUGE-008"),
    green=("SCORE-004", "SCORE-005", "GAUGE-006"),
    signatures=(58,),
)
