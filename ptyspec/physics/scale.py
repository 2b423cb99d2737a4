"""The absolute gauge: counts = Poisson(s^2 |F(P O_j)|^2), with this P and this s, defines O."""

import math

import numpy as np

from ptyspec.contracts.arrays import release_pages
from ptyspec.contracts.bundles import Array

CHUNK = 1024
BACKGROUND = 1e-3
"""e of the loss, in units of the mean pixel energy (prototype: the optimum is unmoved, a zero field stays finite)."""


def mean_energy(amplitude: Array) -> float:
    """Mean over frames of sum X^2, (M, N, N) in; float64, a chunk at a time (never in an integer dtype)."""
    total = 0.0
    for start in range(0, len(amplitude), CHUNK):
        frames = np.asarray(amplitude[start : start + CHUNK], np.float64)
        total += float(np.einsum("mij,mij->", frames, frames))
        release_pages(amplitude)
    return total / len(amplitude)


def intensity_scale(nphotons: float, field_energy: float) -> float:
    """s = sqrt(nphotons / mean_j sum |P O_j|^2): one scalar a dataset."""
    return math.sqrt(nphotons / field_energy)


def closed_form_scale(nphotons: float, size: int) -> float:
    """sqrt(nphotons) / (N/2): equals the dataset's scale only where mean sum X^2 = (N/2)^2."""
    return math.sqrt(nphotons) / (size / 2)


def loader_gain(energy: float, size: int) -> float:
    """g = sqrt((N/2)^2 / mean sum X^2): conditions the network's input and nothing else (NORMALIZATION-001)."""
    return math.sqrt((size / 2) ** 2 / energy)


def rms_amplitude(energy: float, probe: Array) -> float:
    """a0 = sqrt(mean sum X^2 / sum |P|^2): rms object amplitude under the probe, from counts and P alone."""
    return math.sqrt(energy / probe_energy(probe))


def probe_energy(probe: Array) -> float:
    """sum |P|^2, over all modes."""
    return float(np.sum(np.abs(probe.astype(np.complex128)) ** 2))


def probe_intensity(probe: Array) -> Array:
    """|P|^2, (N, N): the sum over the modes of a probe (K, N, N)."""
    intensity = np.abs(probe) ** 2
    return np.asarray(intensity.sum(axis=0) if probe.ndim == 3 else intensity)


def probe_modulus(probe: Array) -> Array:
    """|P|, (N, N); of modes (K, N, N), and of their fields at the detector, the root of the summed intensities."""
    return np.sqrt(probe_intensity(probe)) if probe.ndim == 3 else np.abs(probe)


def illumination_weight(probe: Array) -> Array:
    """w = |P|^2 / max |P|^2, (N, N) float32: weight of merge and stitch."""
    intensity = probe_intensity(probe)
    return np.asarray(intensity / intensity.max(), np.float32)


def poisson_deviance(predicted: Array, measured: Array, background: float) -> Array:
    """Poisson negative log-likelihood minus its saturated value, per pixel, in units of 1/s^2.

    `predicted` and `measured` are intensities in field units; the same background stands on both sides, so the
    optimum is unmoved and a zero field is finite.
    """
    rate, count = predicted + background, measured + background
    return np.asarray(rate - count - count * np.log(rate / count))
