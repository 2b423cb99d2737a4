"""Ramps and shifts between two complex images: find one, remove one. Pairs are (rows, columns)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.scores.numbers import inner


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
