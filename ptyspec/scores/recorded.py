"""The investigation's own score, kept so that its reports can be compared with: it carries no information."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.scores.frame import covered
from ptyspec.scores.numbers import number, pearson, quotient, reasons


def as_recorded(reconstruction: Reconstruction, truth: Array) -> dict[str, Any]:
    """Return the whole-frame amplitude numbers of the investigation, zeros counted.

    The canvas lies with its centre of mass of light (the mean scan position) on the centre of the truth's frame,
    whatever its true origin; uncovered pixels are zero; all pixels of the frame count: mae, rmse, pearson_r,
    undershoot = mean truth / mean rec, non_zero (part of the frame).

    **This says nothing about a reconstruction**: on the recorded scans the true object itself scores r 0.14 and
    undershoot 7.2 here, a constant 1 scores r 0.14 too, and after a least-squares scale every undershoot is
    1 / coverage (signatures 58 and 59).
    """
    known = np.abs(np.nan_to_num(truth)).astype(np.float64)
    canvas = _centred(reconstruction, known.shape)
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


def _centred(reconstruction: Reconstruction, shape: tuple[int, ...]) -> Array:
    """Return the covered amplitude on the frame, its centre of light at the frame's centre; what sticks out is cut."""
    mask = covered(reconstruction)
    frame = np.zeros(shape)
    rows, columns = np.nonzero(mask)
    if rows.size == 0:
        return frame
    weight = reconstruction.coverage[mask].astype(np.float64)
    at = [
        round(side / 2 - float(np.average(axis + 0.5, weights=weight)))
        for side, axis in zip(shape, (rows, columns), strict=True)
    ]
    rows, columns = rows + at[0], columns + at[1]
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    frame[rows[inside], columns[inside]] = np.abs(reconstruction.object[mask])[inside]
    return frame
