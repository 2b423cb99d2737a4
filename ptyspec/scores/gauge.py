"""Remove what a ptychographic reconstruction is free to choose: linear phase ramp, lateral shift, complex scale.

Fixing the probe fixes them all but the global phase, so the raw block is the one to gate on; the aligned block
says whether a bad raw score is a gauge or a failure. Twins, flips and transposes are never undone."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import AlignmentError
from ptyspec.scores.frame import Frame, largest_rectangle
from ptyspec.scores.frc import ring_correlation
from ptyspec.scores.numbers import inner, is_flat, norm, pearson, quotient, reasons
from ptyspec.scores.phase import global_phase, mean_free_correlation, nrmse, phase_pearson


def mean_gradient(image: Array) -> Array:
    """Return the mean phase step along each axis, cycles per pixel; a lateral shift leaves it (nearly) as it is."""
    steps = inner(image[:-1], image[1:]), inner(image[:, :-1], image[:, 1:])
    return np.array([np.angle(step) for step in steps]) / (2 * np.pi)


def wrap(cycles: Array) -> Array:
    """Return the same ramp within half a cycle per pixel."""
    return np.asarray((cycles + 0.5) % 1.0 - 0.5)


def without_ramp(image: Array, ramp: Array) -> Array:
    """Return image times exp(-2 pi i ramp . pixel)."""
    down, right = (
        np.exp(-2j * np.pi * rate * np.arange(n)) for rate, n in zip(ramp, image.shape, strict=True)
    )
    return np.asarray(image * down[:, None] * right[None, :])


def translate(image: Array, shift: Array) -> Array:
    """Return image moved by a sub-pixel shift in Fourier space; the image is mirrored first, so that nothing jumps at its edges."""
    from scipy.ndimage import fourier_shift

    mirrored = np.block([[image, image[:, ::-1]], [image[::-1], image[::-1, ::-1]]])
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(mirrored), shift))
    return np.asarray(moved[: image.shape[0], : image.shape[1]])


def fit_ramp(image: Array, target: Array) -> Array:
    """Return the ramp of image against target, cycles per pixel: Fourier peak, then a fit of the phase weighted by power."""
    product = image * np.conj(target)
    peak = np.unravel_index(np.argmax(np.abs(np.fft.fft2(product))), product.shape)
    ramp = np.array([np.fft.fftfreq(n)[k] for n, k in zip(product.shape, peak, strict=True)])
    rows, columns = (np.arange(n) - (n - 1) / 2 for n in product.shape)
    for _ in range(2):
        rest = without_ramp(product, ramp)
        phase = np.angle(rest * np.conj(rest.sum()))
        weight = np.abs(product)
        ramp = ramp + _weighted_slopes(phase, weight, rows, columns) / (2 * np.pi)
    return ramp


def _weighted_slopes(phase: Array, weight: Array, rows: Array, columns: Array) -> Array:
    """Slopes of the plane that fits `phase` best in weighted least squares."""
    total, of_rows, of_columns = weight.sum(), weight.sum(axis=1), weight.sum(axis=0)
    sums = rows @ of_rows, columns @ of_columns
    cross = rows @ weight @ columns
    normal = np.array(
        [
            [total, sums[0], sums[1]],
            [sums[0], rows**2 @ of_rows, cross],
            [sums[1], cross, columns**2 @ of_columns],
        ]
    )
    weighted = weight * phase
    right = np.array([weighted.sum(), rows @ weighted.sum(axis=1), weighted.sum(axis=0) @ columns])
    return np.asarray(np.linalg.lstsq(normal, right, rcond=None)[0][1:])


def offset(image: Array, target: Array, *, upsample: int) -> Array:
    """Return the displacement of image against target in pixels, to 1 / upsample (Guizar-Sicairos et al. 2008)."""
    from skimage import registration

    window = np.outer(np.hanning(image.shape[0]), np.hanning(image.shape[1]))
    # normalization=None: the phase-only default is noisy and its error is invalid (scikit-image 6376)
    register: Any = registration.phase_cross_correlation  # ships without types
    back, _, _ = register(
        window * (target - target.mean()),
        window * (image - image.mean()),
        upsample_factor=upsample,
        normalization=None,
    )
    return -np.asarray(back, dtype=float)


def ramp_blind(image: Array) -> Array:
    """Return |gradient| smoothed by 1 px: real, and unchanged by a phase ramp, or a global phase.

    The image's own mean phase gradient is taken out first.
    """
    from scipy.ndimage import gaussian_filter

    flat = without_ramp(image, mean_gradient(image))
    down = np.diff(flat, axis=0, append=flat[-1:])
    right = np.diff(flat, axis=1, append=flat[:, -1:])
    return np.asarray(gaussian_filter(np.sqrt(np.abs(down) ** 2 + np.abs(right) ** 2), 1.0))


SMALLEST_SIDE = 32
MARGIN = 4
"""Pixels trimmed on each side beyond the shift: a Fourier shift rings at the crop's edges."""
REACH = 0.25
"""Largest shift that counts as found, as a part of the crop's side."""
ROUNDS = 3

KEYS = [
    "amplitude_pearson_r",
    "phase_pearson_r",
    "amplitude_ratio",
    "nrmse",
    "correlation_mean_free",
]
Pair = tuple[float, float]


@dataclass(frozen=True)
class Aligned:
    """A reconstruction with ramp, shift and scale removed, beside the truth, on one rectangle.

    - rec, truth: (h, w) complex128; raw: the reconstruction on the same pixels with the global phase removed alone.
    - ramp: (x, y) cycles per pixel; shift: (x, y) pixels by which the reconstruction lay off the truth;
      scale: the complex factor it carried. rec = (reconstruction - shift, without ramp) / scale.
    - window: the rectangle in the arrays given.
    """

    rec: Array
    truth: Array
    raw: Array
    ramp: Pair
    shift: Pair
    scale: complex
    window: tuple[slice, slice]


def align(rec: Array, truth: Array, mask: Array) -> Aligned:
    """Return `rec` (H, W) aligned to `truth` on the largest rectangle inside `mask`, trimmed by the shift + 4 px.

    Order: remove the ramp, find the shift between images blind to a ramp, shift, remove the rest of the ramp,
    refine shift and ramp on the complex images, least-squares scale. (Registering a ramped complex image finds
    nonsense; shifting it wraps the ramp.) Sub-pixel shifts follow Guizar-Sicairos et al. 2008.
    Raises AlignmentError where the rectangle is below 32 px, an image is constant there or on the trimmed rectangle,
    or the shift exceeds a quarter of the rectangle.
    """
    window = largest_rectangle(mask)
    image, target = rec[window].astype(np.complex128), truth[window].astype(np.complex128)
    if min(image.shape) < SMALLEST_SIDE:
        what = "the covered rectangle is too small to register"
        step = "scan a larger connected area"
        limit = f">= {SMALLEST_SIDE} px"
        raise AlignmentError(what, value=image.shape, limit=limit, next_step=step)
    _check_content(image, target)
    ramp = wrap(mean_gradient(image) - mean_gradient(target))
    shift = offset(ramp_blind(without_ramp(image, ramp)), ramp_blind(target), upsample=20)
    for _ in range(ROUNDS):
        inside = _inside(shift, image, target)
        moved, known = translate(without_ramp(image, ramp), -shift)[inside], target[inside]
        extra = fit_ramp(moved, known)
        ramp = ramp + extra
        shift = shift + offset(without_ramp(moved, extra), known, upsample=100)
    inside = _inside(shift, image, target)
    moved, raw = translate(without_ramp(image, ramp), -shift)[inside], image[inside]
    known = target[inside]
    factor = inner(moved, known) / norm(moved) ** 2
    return Aligned(
        rec=moved * factor,
        truth=known,
        raw=raw * global_phase(raw, known),
        ramp=(float(ramp[1]), float(ramp[0])),
        shift=(float(shift[1]), float(shift[0])),
        scale=1.0 / factor if factor else 0j,
        window=(_nested(window[0], inside[0]), _nested(window[1], inside[1])),
    )


def gauge_scores(frame: Frame, *, rings: bool = False) -> dict[str, Any]:
    """Return the `gauge` block: `raw` (global phase only) and `aligned` side by side, on the same pixels.

    Each holds amplitude_pearson_r, phase_pearson_r, amplitude_ratio, nrmse, correlation_mean_free (and the rings of
    the complex object on request); `aligned` also what was removed: ramp [x, y] cycles per pixel, shift [x, y]
    pixels, scale {modulus, phase}. Where no alignment exists both are None values with the reason.
    """
    try:
        window = frame.rectangle  # found once for all scores
        found = align(frame.rec[window], frame.truth[window], frame.mask[window])
    except AlignmentError as error:  # reported as not evaluated (signature 68)
        why = f"not evaluated: {error.message}"
        raw, aligned = dict.fromkeys(KEYS), dict.fromkeys((*KEYS, "ramp", "shift", "scale"))
        return {"raw": raw, "aligned": aligned, "pixels": 0, "reason": why}
    angle = math.atan2(found.scale.imag, found.scale.real)
    scale = {"modulus": abs(found.scale), "phase": angle}
    removed = {"ramp": list(found.ramp), "shift": list(found.shift), "scale": scale}
    raw, reason = _pair_scores(found.raw, found.truth, rings)
    after, _ = _pair_scores(found.rec, found.truth, rings)
    pixels = int(found.rec.size)
    return {"raw": raw, "aligned": after | removed, "pixels": pixels, "reason": reason}


def _pair_scores(rec: Array, truth: Array, rings: bool) -> tuple[dict[str, Any], str | None]:
    a, b = rec.ravel(), truth.ravel()
    phase, why = phase_pearson(a, b)
    amplitude = pearson(np.abs(a), np.abs(b))
    ratio = quotient(np.abs(a).mean(), np.abs(b).mean())
    values = (amplitude, phase, ratio, nrmse(a, b), mean_free_correlation(a, b))
    scores: dict[str, Any] = dict(zip(KEYS, values, strict=True))
    if rings:
        scores["frc"] = ring_correlation(rec, truth)
    return scores, reasons(
        "an amplitude is constant: no correlation" if amplitude is None else None, why
    )


def _check_content(image: Array, target: Array) -> None:
    if is_flat(image) or is_flat(target):
        raise AlignmentError(
            "an image is constant: nothing to register", next_step="look at the raw object first"
        )


def _inside(shift: Array, image: Array, target: Array) -> tuple[slice, slice]:
    """The rectangle without the shift and a margin; AlignmentError where that is out of reach, or empty of content."""
    height, width = shape = image.shape
    if (np.abs(shift) > REACH * np.array(shape)).any():
        what = "no shift within reach brings the images together"
        step = "check orientation and origin; the images may share nothing"
        limit = f"{REACH} of {shape}"
        raise AlignmentError(what, value=[float(s) for s in shift], limit=limit, next_step=step)
    down, right = (MARGIN + math.ceil(abs(s)) for s in shift)
    inside = slice(down, height - down), slice(right, width - right)
    # What was registered may lie in the border that is trimmed.
    _check_content(image[inside], target[inside])
    return inside


def _nested(outer: slice, inner: slice) -> slice:
    return slice(outer.start + inner.start, outer.start + inner.stop)
