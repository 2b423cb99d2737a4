"""Scores of phase and of the complex object, after one global phase and nothing else (signature 77)."""

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.scores.amplitude import NO_DETAIL, highpass_pearson
from ptyspec.scores.frame import NO_PIXEL, Frame
from ptyspec.scores.numbers import inner, is_flat, norm, number, pearson, quotient


def global_phase(rec: Array, truth: Array) -> complex:
    """Return the unit factor u that brings u * rec closest to truth; 1 where they are orthogonal or zero."""
    overlap = inner(rec, truth)
    return overlap / abs(overlap) if overlap else 1.0 + 0.0j


def phase_images(rec: Array, truth: Array) -> tuple[Array, Array]:
    """Return the two phases, radians, counted from the truth's mean direction after one global phase.

    Both lie in (-pi, pi] and are found independently, so that a random phase cannot borrow correlation from the
    truth; objects whose phase strays further than pi from their mean direction wrap.
    """
    mean = complex(truth.sum())
    centre = np.conj(mean) / abs(mean) if mean else 1.0
    return np.angle(rec * (global_phase(rec, truth) * centre)), np.angle(truth * centre)


def phase_pearson(rec: Array, truth: Array) -> tuple[float | None, str | None]:
    """Return the correlation of the phases of two complex samples, or None and the reason."""
    predicted, known = phase_images(rec, truth)
    why = _why(rec, predicted, known)
    return (None, why) if why else (pearson(predicted, known, 1.0), None)


def phase_scores(frame: Frame) -> dict[str, Any]:
    """Return the `phase` block of metrics.json over the covered pixels.

    - mae: mean |angle(rec conj(truth))| after one global phase, radians; never a difference of wrapped phases.
    - pearson_r, highpass_pearson_r (Gaussian sigma 4 px subtracted): None where the truth's phase is constant.
    - wrapped_fraction: part of the pixels whose two phases lie more than pi apart; correlations are unsafe if large.
    - reason: why a value is None, else None.
    """
    rec, truth = frame.rec[frame.mask], frame.truth[frame.mask]
    if rec.size == 0:
        keys = ("pearson_r", "highpass_pearson_r", "mae", "wrapped_fraction")
        return {**dict.fromkeys(keys), "reason": NO_PIXEL}
    error = np.angle(rec * np.conj(truth) * global_phase(rec, truth))
    predicted, known = phase_images(rec, truth)
    why = _why(rec, predicted, known)
    image, target = np.zeros(frame.mask.shape), np.zeros(frame.mask.shape)
    image[frame.mask], target[frame.mask] = predicted, known
    detail = None if why else highpass_pearson(image, target, frame.mask, 1.0)
    return {
        "pearson_r": None if why else pearson(predicted, known, 1.0),
        "highpass_pearson_r": detail,
        "mae": number(np.abs(error).mean()) if rec.any() else None,
        "wrapped_fraction": number(np.mean(np.abs(predicted - known) > np.pi)),
        "reason": why or (NO_DETAIL if detail is None else None),
    }


def complex_scores(frame: Frame) -> dict[str, Any]:
    """Return the `complex` block of metrics.json over the covered pixels.

    - nrmse: ||u rec - truth|| / ||truth|| with the global phase u; the scale is left as it is.
    - correlation_mean_free: |<rec - mean, truth - mean>| / norms; unlike the plain correlation a constant gets nothing.
    """
    rec, truth = frame.rec[frame.mask], frame.truth[frame.mask]
    if rec.size == 0:
        return {"nrmse": None, "correlation_mean_free": None, "reason": NO_PIXEL}
    correlation = mean_free_correlation(rec, truth)
    why = "an object is constant: no mean-free correlation" if correlation is None else None
    return {"nrmse": nrmse(rec, truth), "correlation_mean_free": correlation, "reason": why}


def nrmse(rec: Array, truth: Array) -> float | None:
    """Return ||u rec - truth|| / ||truth|| after one global phase; None for a zero truth."""
    return quotient(norm(rec * global_phase(rec, truth) - truth), norm(truth))


def mean_free_correlation(first: Array, second: Array) -> float | None:
    """Return the modulus of the mean-free complex correlation; None where either sample is constant."""
    if is_flat(first) or is_flat(second):
        return None
    a, b = first - first.mean(), second - second.mean()
    return number(abs(inner(a, b)) / (norm(a) * norm(b)))


def _why(rec: Array, predicted: Array, known: Array) -> str | None:
    if not rec.any():
        return "the reconstruction is zero: no phase"
    if is_flat(known, 1.0):
        return "the truth's phase is constant: phase correlation means nothing"
    constant = "the reconstruction's phase is constant: no correlation"
    return constant if is_flat(predicted, 1.0) else None
