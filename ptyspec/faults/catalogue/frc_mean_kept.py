"""The ring correlation is taken with the mean left in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _with_mean(spectrum: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def wrong(image: Array) -> Array:
        from ptyspec.scores.frc import _hann

        return np.asarray(
            np.fft.fft2(np.outer(_hann(image.shape[0]), _hann(image.shape[1])) * image)
        )

    return wrong


FAULT = Fault(
    id="frc-mean-kept",
    stage="score",
    story="the window spreads the mean over the lowest rings, which then agree for any two images",
    patches=(Patch("ptyspec.scores.frc:_spectrum", _with_mean),),
    red=("SCORE-010",),
    green=("SCORE-007", "SCORE-003", "GAUGE-001"),
)
