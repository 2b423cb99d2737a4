"""The trivial estimator: what total counts alone say about the object. A control, and a generator's start."""

import numpy as np

from ptyspec.contracts.arrays import release_pages
from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.physics.geometry import object_extent
from ptyspec.physics.level import light_shares
from ptyspec.physics.scale import illumination_weight, probe_energy
from ptyspec.physics.stitch import CHUNK, add, finish, moved_weight


def trivial_estimate(scan: RawScan, min_coverage: float = 0.05) -> Reconstruction:
    """Paint each patch with the constant sqrt(total counts / sum|P|^2) / s and stitch: no phase, no learning.

    Memory does not grow with the number of frames.
    """
    x0, y0, width, height = object_extent(scan.positions, scan.N)
    low = scan.positions - scan.N // 2 - (x0, y0)
    base = np.floor(low).astype(int)
    weight = illumination_weight(scan.probeGuess)
    levels = frame_levels(scan)
    total = np.zeros((height + 1, width + 1), np.float32)
    coverage = np.zeros_like(total)
    for first in range(0, scan.size, CHUNK):
        part = slice(first, first + CHUNK)
        weights = moved_weight(weight, (low - base)[part])
        add(coverage, weights, base[part])
        add(total, levels[part, None, None] * weights, base[part])
    return finish(total / np.maximum(coverage, 1e-12), coverage, (x0, y0), min_coverage)


def frame_levels(scan: RawScan) -> Array:
    """Rms object amplitude under the probe, one a frame, (M,) float32: sqrt(sum X^2 / sum |P|^2).

    On masked pixels a frame has the light that the whole scan's mean has there.
    """
    energies = np.empty(scan.size)
    for first in range(0, scan.size, CHUNK):
        frames = np.asarray(scan.diff3d[first : first + CHUNK], np.float64)
        energies[first : first + CHUNK] = np.einsum("mij,mij->m", frames, frames)
        release_pages(scan.diff3d)
    shares = light_shares(scan)
    hidden = (1 - shares) * (energies.mean() / shares.mean())
    return np.asarray(np.sqrt((energies + hidden) / probe_energy(scan.probeGuess)), np.float32)
