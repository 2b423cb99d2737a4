"""The investigation's own score, kept so that its reports can be compared with: it carries no information."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.compare.numbers import number, pearson, quotient, reasons
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction


def as_recorded(reconstruction: Reconstruction, truth: Array) -> dict[str, Any]:
    """Return the whole-frame amplitude numbers of the investigation, zeros counted.

    The canvas is centred on the truth's frame (its true origin is ignored), uncovered pixels are zero, and all
    pixels of the frame count: mae, rmse, pearson_r, undershoot = mean truth / mean rec, non_zero (part of the frame).

    **This says nothing about a reconstruction**: on the recorded scans the true object itself scores r 0.14 and
    undershoot 7.2 here, a constant 1 scores r 0.14 too, and after a least-squares scale every undershoot is
    1 / coverage (signatures 58 and 59).
    """
    known = np.abs(np.asarray(truth))
    canvas = _centred(np.abs(np.nan_to_num(reconstruction.object, nan=0.0, posinf=0.0, neginf=0.0)), known.shape)
    error = canvas - known
    correlation = pearson(canvas.ravel(), known.ravel())
    undershoot = quotient(known.mean(), canvas.mean())
    return {
        "mae": number(float(np.abs(error).mean())),
        "rmse": number(float(np.sqrt(np.mean(error**2)))),
        "pearson_r": correlation,
        "undershoot": undershoot,
        "non_zero": number(float(np.mean(canvas > 0))),
        "reason": reasons(
            "an image is constant: no correlation" if correlation is None else None,
            "the canvas is zero: no undershoot" if undershoot is None else None,
        ),
    }


def _centred(canvas: Array, shape: tuple[int, ...]) -> Array:
    """Crop or pad with zeros about the centre."""
    for axis, want in enumerate(shape):
        extra = canvas.shape[axis] - want
        if extra > 0:
            canvas = canvas.take(range(extra // 2, extra // 2 + want), axis=axis)
        else:
            grow = [(0, 0), (0, 0)]
            grow[axis] = (-extra // 2, -extra - -extra // 2)
            canvas = np.pad(canvas, grow)
    return canvas.astype(np.float64)
