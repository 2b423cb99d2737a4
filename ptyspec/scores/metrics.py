"""The score of a reconstruction against a known object: the numbers of metrics.json.

Among them the investigation's own score, kept so that its reports can be compared with: it carries no information."""

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import NO_PIXEL, covered, cut, has_nan
from ptyspec.scores.frc import frc_scores
from ptyspec.scores.gauge import gauge_scores
from ptyspec.scores.numbers import number, pearson, quotient, reasons
from ptyspec.scores.phase import complex_scores, phase_scores


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


def score(reconstruction: Reconstruction, truth: Array) -> dict[str, Any]:
    """Return the scores of a reconstruction in the object frame: covered pixels only, nothing rescaled before.

    `truth` is the object (H, W), real or complex, whose pixel [0, 0] is the origin of the object frame; the part of
    the reconstruction that lies beyond it is left out. Blocks: `amplitude`, `phase`, `complex`, `frc`, `gauge` (raw
    beside aligned), `coverage` {fraction of the object's frame, pixels}, `has_nan` (see frame.has_nan),
    `as_recorded` (the investigation's whole-frame numbers, which carry no information).

    Every value is JSON: a float, a list, a bool or None, never NaN. What cannot be evaluated (no covered pixel, a
    constant image, a truth without phase) is None, and `reason` in its block says why.
    Raises ScanDataError where an array has the wrong number of dimensions or object and coverage differ in shape.
    """
    frame = cut(reconstruction, truth)
    return {
        "amplitude": amplitude_scores(frame),
        "phase": phase_scores(frame),
        "complex": complex_scores(frame),
        "frc": frc_scores(frame),
        "gauge": gauge_scores(frame),
        "coverage": {
            "fraction": quotient(frame.pixels, truth.size),
            "pixels": frame.pixels,
            "reason": None if frame.pixels else NO_PIXEL,
        },
        "has_nan": has_nan(reconstruction),
        "as_recorded": as_recorded(reconstruction, truth),
    }
