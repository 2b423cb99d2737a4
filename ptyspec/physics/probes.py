"""Simulated probes, their modes and their normalisation, complex64."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import ProbeSpec
from ptyspec.errors import ProbeError
from ptyspec.seeds import generator


def make_probe(spec: ProbeSpec, size: int, probe_scale: float, seed: int) -> Array:
    """Return the normalised (size, size) complex64 probe of this kind, or its modes (K, size, size)."""
    raw = ideal(size, spec.default_probe_scale) if spec.kind == "ideal" else custom(size, seed)
    probe = normalise(raw, probe_scale)
    return probe if len(spec.modes) == 1 else with_modes(probe, spec.modes)


def with_modes(probe: Array, powers: Sequence[float]) -> Array:
    """Return K orthogonal modes (K, N, N) complex64, strongest first, whose energies add to that of `probe`.

    The first is the probe itself; the others are it times x, y, x^2, x y, y^2, ... of rising order, each made
    orthogonal to those before it (Gram and Schmidt).
    """
    shares = np.sort(np.asarray(powers, np.float64))[::-1] / np.sum(powers)
    steps = (np.arange(len(probe)) - (len(probe) - 1) / 2) / len(probe)
    x, y = np.meshgrid(steps, steps)
    orders = [(order - down, down) for order in range(len(shares)) for down in range(order + 1)]
    made: list[Array] = []
    for across, down in orders[: len(shares)]:
        mode = probe.astype(np.complex128) * x**across * y**down
        for _ in range(2):  # twice: one pass leaves what rounding of near-parallel modes leaves
            for other in made:
                mode = mode - other * np.vdot(other, mode)
        made.append(mode / np.linalg.norm(mode))
    levels = np.linalg.norm(probe.astype(np.complex128)) * np.sqrt(shares)
    return np.asarray(np.stack(made) * levels[:, None, None], np.complex64)


def as_modes(probe: Array) -> Array:
    """Return the modes of a probe as (K, N, N): one where it is (N, N)."""
    return probe.reshape(-1, *probe.shape[-2:])


def mode_powers(probe: Array) -> Array:
    """Return the shares of the modes in the probe's energy, (K,) float64."""
    energies = np.sum(np.abs(as_modes(probe).astype(np.complex128)) ** 2, axis=(1, 2))
    return np.asarray(energies / energies.sum())


def orthogonal_modes(probe: Array) -> Array:
    """Return the orthogonal modes of the same illumination, strongest first; (K, N, N) complex64.

    A unitary mixture of modes leaves every pattern as it is, so this is a choice of gauge. A probe (N, N) is left alone.
    """
    if probe.ndim == 2:
        return probe
    flat = probe.reshape(len(probe), -1).astype(np.complex128)
    _, levels, modes = np.linalg.svd(flat, full_matrices=False)
    return np.asarray((levels[:, None] * modes).reshape(probe.shape), np.complex64)


def ideal(size: int, default_probe_scale: float = 0.7) -> Array:
    """Disk: a Gaussian window of std N/(scale pi^2) thresholded at one half, blurred by one pixel, plus 1e-9."""
    std = size / (default_probe_scale * np.pi**2)
    window = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / std) ** 2)
    disk = (np.outer(window, window) > 0.5).astype(float)
    return np.asarray(gaussian_filter(disk, 1.0) + 1e-9, np.complex128)


RECORDED_MEAN, RECORDED_L2, RECORDED_N = 0.292, 42.65, 64
"""Statistics of the investigation's measured probe at probe_scale 4 (its file is not public)."""


def custom(size: int, seed: int) -> Array:
    """Synthetic stand-in for a measured probe: a structured disk with weak tails and an aberrated phase.

    After normalisation by probe_scale 4 it has mean |P| 0.292 and, at N = 64, L2 norm 42.65, whatever the seed:
    the disk's radius and the level of its tails are solved for these two numbers. (Together they force
    max |P| >= L2^2 / sum |P| = 1.52.)
    """
    axis = (np.arange(size) - (size - 1) / 2) / size
    x, y = np.meshgrid(axis, axis)
    r = np.hypot(x, y)
    purposes = ("probe structure", "probe roughness")
    structure, rough = (_smooth(size, seed, purpose) for purpose in purposes)
    aberration = 30 * r**2 + 40 * (x**2 - y**2 / 2) + 300 * r**2 * (x + y / 3)
    # Damped where the tails could not sample it.
    phase = aberration * np.exp(-((3 * r) ** 4)) + 0.5 * rough

    def shaped(radius: float, tail: float) -> Array:
        disk = expit((radius - r) * size / 0.9) * (1 + 0.15 * structure)
        return np.asarray((disk + tail * np.exp(-((3 * r) ** 2))) * np.exp(1j * phase))

    from scipy.optimize import least_squares  # half a second of imports that only this probe needs

    def miss(parameters: Array) -> list[float]:
        level = np.abs(_normalised(shaped(*parameters), 4.0))
        l2 = np.sqrt(np.mean(level**2)) * RECORDED_N
        return [level.mean() / RECORDED_MEAN - 1, l2 / RECORDED_L2 - 1]

    bounds = ([0.1, 0.0], [0.3, 1.0])
    solution = least_squares(miss, [0.2, 0.1], bounds=bounds, xtol=1e-12, ftol=1e-12)
    return np.asarray(shaped(*solution.x))


def _smooth(size: int, seed: int, purpose: str) -> Array:
    noise = gaussian_filter(generator(seed, purpose).standard_normal((size, size)), size / 24)
    return np.asarray(noise / noise.std())


def central_mask(size: int, diameter: float | None = None) -> Array:
    """True within diameter/2 (default N/4) pixels of the array's centre; 812 pixels at N = 64."""
    offset = np.arange(size) - (size - 1) / 2
    radius = np.hypot(offset[:, None], offset[None, :])
    return np.asarray(radius < (size / 4 if diameter is None else diameter / 2))


def normalise(probe: Array, probe_scale: float) -> Array:
    """P / (probe_scale mean(mask |P|)): the masked modulus has mean 1/probe_scale over the whole frame.

    The mask enters the mean alone; the probe itself is not cut.
    """
    return np.asarray(_normalised(probe, probe_scale), np.complex64)


def _normalised(probe: Array, probe_scale: float) -> Array:
    mean = float(np.mean(central_mask(probe.shape[0]) * np.abs(probe)))
    if not np.isfinite(mean) or mean <= 0:
        what = "the probe has no amplitude near its centre"
        raise ProbeError(what, value=mean, limit="> 0", next_step="centre the probe in its array")
    return np.asarray(probe / (probe_scale * mean))
