"""Scores of the modulus: level, structure, error; nothing is rescaled before scoring (signature 33)."""

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.records import AmplitudeScores
from ptyspec.scores.frame import NO_PIXEL, Frame
from ptyspec.scores.numbers import number, pearson, quotient, reasons, summary

HIGHPASS_SIGMA = 4.0
NO_CORRELATION = "an amplitude is constant: no correlation"
NO_DETAIL = "nothing is finer than 4 px: no high-pass correlation"
SSIM_SIGMA = 1.5
SSIM_RADIUS = int(3.5 * SSIM_SIGMA + 0.5)
"""Half width of the SSIM window, pixels: the Gaussian is cut at 3.5 sigma."""


def amplitude_scores(frame: Frame) -> dict[str, Any]:
    """Return the `amplitude` block of metrics.json over the covered pixels.

    - mean_ratio: mean|rec| / mean|truth|; least_squares_scalar: the c that minimises sum (c|rec| - |truth|)^2.
    - pearson_r; highpass_pearson_r: after subtraction of a Gaussian of sigma 4 px (see `highpass`).
    - ssim: see `ssim`. mae, rmse, max_abs: of |rec| - |truth|, object units.
    - prediction, truth, ratio: distributions; ratio is |rec|/|truth| pixel by pixel where |truth| > 0.
    - reason: why a value is None, else None.
    """
    rec, truth = np.abs(frame.rec), np.abs(frame.truth)
    a, b = rec[frame.mask], truth[frame.mask]
    ratio = summary(a[b > 0] / b[b > 0])
    shapes = {
        "prediction": summary(a),
        "truth": summary(b),
        "ratio": {key: ratio[key] for key in ("mean", "median", "p05", "p95")},
    }
    if a.size == 0:
        return {**dict.fromkeys(AmplitudeScores.model_fields), **shapes, "reason": NO_PIXEL}
    error = a - b
    similarity, why = ssim(rec, truth, frame.mask)
    correlation, detail = pearson(a, b), highpass_pearson(rec, truth, frame.mask)
    unknown = NO_CORRELATION if correlation is None else NO_DETAIL if detail is None else None
    return {
        "mean_ratio": quotient(a.mean(), b.mean()),
        "least_squares_scalar": quotient(float((a * b).sum()), float((a * a).sum())),
        "pearson_r": correlation,
        "highpass_pearson_r": detail,
        "ssim": similarity,
        "mae": number(np.abs(error).mean()),
        "rmse": number(np.sqrt(np.mean(error**2))),
        "max_abs": number(np.abs(error).max()),
        **shapes,
        "reason": reasons(unknown, why),
    }


def highpass(image: Array, mask: Array) -> Array:
    """Return image minus its Gaussian mean (sigma 4 px) over covered neighbours alone; meaningful inside the mask.

    Normalised convolution (Knutsson and Westin 1993): uncovered pixels never leak in.
    """
    from scipy.ndimage import gaussian_filter

    weight = gaussian_filter(mask.astype(float), HIGHPASS_SIGMA, mode="constant")
    total = gaussian_filter(np.where(mask, image, 0.0), HIGHPASS_SIGMA, mode="constant")
    return np.asarray(image - total / np.where(mask, weight, 1.0))


def highpass_pearson(
    first: Array, second: Array, mask: Array, scale: float | None = None
) -> float | None:
    """Return the Pearson correlation of two high-passed images over the mask; None where either is constant.

    "Constant" is judged against `scale`, by default against the largest value before filtering.
    """
    if not mask.any():
        return None
    reference = scale or max(float(np.abs(first[mask]).max()), float(np.abs(second[mask]).max()))
    return pearson(highpass(first, mask)[mask], highpass(second, mask)[mask], reference)


def ssim(rec: Array, truth: Array, mask: Array) -> tuple[float | None, str | None]:
    """Return the mean structural similarity of two real images, or None and the reason.

    Gaussian window sigma 1.5 px, population covariance, data_range = range of the covered truth (Wang et al. 2004).
    The mean runs over the pixels whose whole 11 x 11 window is covered (the mask eroded by 5 px), so that no
    uncovered pixel takes part.
    """
    from scipy.ndimage import minimum_filter
    from skimage import metrics

    side = 2 * SSIM_RADIUS + 1
    inner = minimum_filter(mask, size=side, mode="constant", cval=0)
    if not inner.any():
        return None, f"no {side} x {side} window is fully covered: no SSIM"
    span = float(np.ptp(truth[mask]))
    if span == 0:
        return None, "the truth's amplitude is constant: no SSIM"
    similarity: Any = metrics.structural_similarity  # ships without types
    _, local = similarity(
        rec,
        truth,
        data_range=span,
        gaussian_weights=True,
        sigma=SSIM_SIGMA,
        use_sample_covariance=False,
        full=True,
    )
    return number(local[inner].mean()), None
