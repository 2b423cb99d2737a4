"""Iterative reference: regularised PIE on the whole scan, the ceiling that a network is compared with.

Update (Maiden, Johnson, Li, Optica 4, 736 (2017)):
O += conj(P) (psi' - psi) / ((1 - alpha) |P|^2 + alpha max |P|^2), psi' = psi with the measured modulus.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.contracts.scan import RawScan
from ptyspec.physics.geometry import object_extent
from ptyspec.physics.scale import mean_energy, rms_amplitude
from ptyspec.physics.stitch import finish
from ptyspec.seeds import generator

ALPHA = 0.1
CHUNK = 256


def shifted_probes(probe: Array, shifts: Array) -> Array:
    """Probe moved by sub-pixel (M, 2) shifts [dx, dy], (M, N, N) complex64, by the Fourier shift theorem.

    |F(P O_j)| is the same whether the object is sampled at a fraction or the probe is moved by it, and moving
    the probe leaves the object on its own pixels.
    """
    frequency = fft.fftfreq(probe.shape[0])
    ramp_x = np.exp(-2j * np.pi * frequency * shifts[:, :1]).astype(np.complex64)
    ramp_y = np.exp(-2j * np.pi * frequency * shifts[:, 1:]).astype(np.complex64)
    spectrum = fft.fft2(probe.astype(np.complex64)) * ramp_y[:, :, None] * ramp_x[:, None, :]
    return np.asarray(fft.ifft2(spectrum))


def reconstruct(
    scan: RawScan,
    *,
    sweeps: int,
    start: Reconstruction | None = None,
    seed: int = 0,
    min_coverage: float = 0.05,
    progress: Callable[[int, int], None] | None = None,
) -> Reconstruction:
    """Return the object after `sweeps` passes over all frames in random order, in the absolute gauge.

    Starts from `start` where it is covered and from the rms amplitude a0 elsewhere (and without `start`).
    """
    size = scan.N
    x0, y0, width, height = object_extent(scan.positions, size)
    amplitude = rms_amplitude(mean_energy(scan.diff3d), scan.probeGuess)
    obj = np.full((height + 1, width + 1), amplitude, np.complex64)
    if start is not None:
        _paste(obj, start, x0, y0)
    low = scan.positions - size // 2 - (x0, y0)
    base = np.floor(low).astype(int)
    order = generator(seed, "iterative order")
    for sweep in range(sweeps):
        rows = order.permutation(scan.size)
        for first in range(0, scan.size, CHUNK):
            part = rows[first : first + CHUNK]
            _sweep(obj, scan, part, base[part], (low - base)[part])
        if progress is not None:
            progress(sweep + 1, sweeps)
    coverage = _coverage(obj.shape, scan.probeGuess, base)
    return finish(obj, coverage, (x0, y0), min_coverage)


def _sweep(obj: Array, scan: RawScan, rows: Array, base: Array, shifts: Array) -> None:
    size = scan.N
    probes = shifted_probes(scan.probeGuess, shifts)
    measured = fft.ifftshift(scan.diff3d[rows], axes=(-2, -1))
    seen = None if scan.mask is None else fft.ifftshift(scan.mask)
    for probe, modulus, (x, y) in zip(probes, measured, base, strict=True):
        window = obj[y : y + size, x : x + size]
        exit_wave = probe * window
        field = fft.fft2(exit_wave, norm="ortho")
        factor = modulus / np.maximum(np.abs(field), 1e-9)
        if seen is not None:
            factor[~seen] = 1.0  # an unmeasured pixel keeps the model's own value
        change = fft.ifft2(field * factor, norm="ortho") - exit_wave
        intensity = probe.real**2 + probe.imag**2
        window += probe.conj() * change / ((1 - ALPHA) * intensity + ALPHA * intensity.max())


def _paste(obj: Array, start: Reconstruction, x0: int, y0: int) -> None:
    dx, dy = start.origin[0] - x0, start.origin[1] - y0
    rows = slice(max(dy, 0), min(dy + start.object.shape[0], obj.shape[0]))
    columns = slice(max(dx, 0), min(dx + start.object.shape[1], obj.shape[1]))
    source = start.object[rows.start - dy : rows.stop - dy, columns.start - dx : columns.stop - dx]
    target = obj[rows, columns]
    covered = np.isfinite(source)
    target[covered] = source[covered]


def _coverage(shape: tuple[int, ...], probe: Array, base: Array) -> Array:
    weight = (np.abs(probe) ** 2 / np.max(np.abs(probe) ** 2)).astype(np.float32)
    total = np.zeros(shape, np.float32)
    for x, y in base:
        total[y : y + weight.shape[0], x : x + weight.shape[1]] += weight
    return total
