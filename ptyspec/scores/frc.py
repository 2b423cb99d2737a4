"""Fourier ring correlation of two images of the same pixels."""

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.records import Rings
from ptyspec.scores.frame import Frame
from ptyspec.scores.numbers import is_flat, number
from ptyspec.scores.phase import global_phase

SMALLEST_SIDE = 16
HANN_PART = (18.0 / 35.0) ** 2
"""Independent Fourier pixels under a two-dimensional Hann window: (mean w^2)^2 / mean w^4, per axis 18/35."""
KEYS = (*Rings.model_fields, "half_bit_crossing", "half_bit_last_crossing")


def frc_scores(frame: Frame) -> dict[str, Any]:
    """Return the `frc` block: curves of amplitude and of the complex object (after one global phase).

    Taken on the largest rectangle inside the covered area, `rectangle` = [x0, y0, width, height] in the object
    frame. A rectangle with a side below 16 px, or a constant image, gives None and a reason.
    """
    window = frame.rectangle
    rec, truth = frame.rec[window], frame.truth[window]
    (height, width), (x0, y0) = rec.shape, frame.origin
    place = [x0 + window[1].start, y0 + window[0].start, width, height]
    if min(height, width) < SMALLEST_SIDE:
        why = f"the largest covered rectangle has {width} x {height} px, fewer than {SMALLEST_SIDE} on a side"
        empty = {**dict.fromkeys(KEYS), "reason": why}
        return {"amplitude": empty, "complex": dict(empty), "rectangle": place, "reason": why}
    blocks = {
        "amplitude": ring_correlation(np.abs(rec), np.abs(truth)),
        "complex": ring_correlation(rec * global_phase(rec, truth), truth),
    }
    return {**blocks, "rectangle": place, "reason": blocks["complex"]["reason"]}


def ring_correlation(first: Array, second: Array) -> dict[str, Any]:
    """Return the Fourier ring correlation of two equal (H, W) images, real or complex.

    Hann window, windowed mean removed, FRC = Re sum F1 conj(F2) / sqrt(sum|F1|^2 sum|F2|^2) over rings one Fourier
    pixel of the shorter side wide. (Saxton and Baumeister 1982)

    - frequency: ring centres as a part of Nyquist (0.5 cycles per pixel); curve: the FRC, None in an empty ring.
    - half_bit: the threshold of van Heel and Schatz (2005) with the independent pixels of each ring.
    - first_ and last_crossing_half, half_bit_crossing (first) and half_bit_last_crossing: where the curve falls
      below, part of Nyquist; 1 where it never does, 0 where it never is above. Read both: a scan's period can
      empty one ring long before the resolution ends.
    """
    if is_flat(first) or is_flat(second):
        return {**dict.fromkeys(KEYS), "reason": "an image is constant: no ring correlation"}
    down, right = (np.fft.fftfreq(side) for side in first.shape)
    count = min(first.shape) // 2
    ring = np.rint(np.hypot(down[:, None], right) * min(first.shape)).astype(int).ravel()
    one, two = _spectrum(first), _spectrum(second)

    def over_rings(values: Array) -> Array:
        return np.bincount(ring, weights=values.ravel(), minlength=count + 1)[1 : count + 1]

    power = np.sqrt(over_rings(np.abs(one) ** 2) * over_rings(np.abs(two) ** 2))
    cross = over_rings((one * np.conj(two)).real)
    curve = np.divide(cross, power, out=np.full(count, np.nan), where=power > 0)
    limit = half_bit(over_rings(np.ones(first.shape)) * HANN_PART)
    frequency = 2.0 * np.arange(1, count + 1) / min(first.shape)
    return {
        "frequency": frequency.tolist(),
        "curve": [number(value) for value in curve],
        "half_bit": limit.tolist(),
        "first_crossing_half": crossing(frequency, curve - 0.5, last=False),
        "last_crossing_half": crossing(frequency, curve - 0.5, last=True),
        "half_bit_crossing": crossing(frequency, curve - limit, last=False),
        "half_bit_last_crossing": crossing(frequency, curve - limit, last=True),
        "reason": None,
    }


def half_bit(pixels: Array) -> Array:
    """Return the half-bit threshold for rings of so many independent Fourier pixels (van Heel and Schatz 2005)."""
    root = np.sqrt(np.maximum(pixels, 1.0))
    return np.asarray((0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root))


def crossing(frequency: Array, excess: Array, *, last: bool) -> float:
    """Return the frequency at which `excess` falls below zero first or last, by linear interpolation.

    1 where it does not fall, 0 where it is never above; a ring without power counts as below.
    """
    value = np.where(np.isfinite(excess), excess, -1.0)
    above = value >= 0
    if not above.any() or (not last and not above[0]):
        return 0.0
    fallen = np.append(np.flatnonzero(~above), len(above))  # the sentinel: beyond the last ring
    index = int(np.flatnonzero(above)[-1] if last else fallen[0] - 1)
    if index == len(above) - 1:
        return 1.0
    part = value[index] / (value[index] - value[index + 1])
    return float(frequency[index] + part * (frequency[index + 1] - frequency[index]))


def _spectrum(image: Array) -> Array:
    window = np.outer(_hann(image.shape[0]), _hann(image.shape[1]))
    mean = (window * image).sum() / window.sum()
    return np.asarray(np.fft.fft2(window * (image - mean)))


def _hann(size: int) -> Array:
    return np.asarray(np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2)
