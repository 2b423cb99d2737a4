"""The score of a reconstruction against a known object: the numbers of metrics.json."""

from __future__ import annotations

from typing import Any

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import NO_PIXEL, cut, has_nan
from ptyspec.scores.frc import frc_scores
from ptyspec.scores.gauge import gauge_scores
from ptyspec.scores.numbers import quotient
from ptyspec.scores.phase import complex_scores, phase_scores
from ptyspec.scores.recorded import as_recorded


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
