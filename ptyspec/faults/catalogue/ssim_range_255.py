"""Structural similarity is taken in the range of an 8-bit image (failure signature 67)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch

Similarity = tuple[float | None, str | None]


def _of_bytes(ssim: Callable[..., Similarity]) -> Callable[..., Similarity]:
    def wrong(rec: Array, truth: Array, mask: Array) -> Similarity:
        from skimage import metrics

        if ssim(rec, truth, mask)[0] is None:
            return ssim(rec, truth, mask)
        similarity: Any = metrics.structural_similarity  # ships without types
        return float(similarity(rec, truth, data_range=255.0, gaussian_weights=True)), None

    return wrong


FAULT = Fault(
    id="ssim-range-255",
    stage="score",
    story="the range of values is 255 for an object of order one, so that everything is similar",
    patches=(Patch("ptyspec.scores.amplitude:ssim", _of_bytes),),
    red=("SCORE-004",),
    green=("SCORE-001", "SCORE-005", "GAUGE-001"),
    signatures=(67,),
)
