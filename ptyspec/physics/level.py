"""The level of a scan from its measured pixels alone: under a mask light was not absent, it was not seen.

Averaged over the scan, patterns are |F(P)|^2 spread by the object's power spectrum: the cross terms of different
places average out. Pixels that no frame measured get what that model expects, fitted to those that were measured.
"""

import numpy as np

from ptyspec.contracts.arrays import release_pages
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import ScanDataError
from ptyspec.physics.diffraction import far_field
from ptyspec.physics.scale import CHUNK, mean_energy, probe_intensity

SPREADS = (1, 2, 4, 8)
"""Widths in detector pixels by which an object spreads the direct beam; their mixture is fitted."""
ROUNDS = 200


def scan_energy(scan: RawScan) -> float:
    """Mean over frames of sum X^2, masked pixels counted with the light that the model expects on them."""
    return mean_energy(scan.diff3d) / float(light_shares(scan).mean())


def light_shares(scan: RawScan) -> Array:
    """Share of the expected light of each frame that falls on pixels which it measured, (M,) float64.

    One everywhere without a mask. Raises ScanDataError where the mask leaves no light.
    """
    if scan.mask is None or scan.mask.all():
        return np.ones(scan.size)
    pattern = mean_pattern(scan)
    if not pattern.any():
        what, step = "the mask leaves no measured light", "True is a measured pixel: check the mask"
        value, source = f"{scan.mask.mean():.1%} of the pixels", scan.source or None
        raise ScanDataError(what, value=value, limit="> 0", source=source, next_step=step)
    shares = np.einsum("...ij,ij->...", scan.mask, pattern) / pattern.sum()
    return np.array(np.broadcast_to(shares, scan.size))


def mean_pattern(scan: RawScan) -> Array:
    """Mean X^2 of the frames that measured a pixel, and what is expected of those that none did, (N, N) float64."""
    total = np.zeros(scan.diff3d.shape[1:])
    for first in range(0, scan.size, CHUNK):
        frames = np.asarray(scan.diff3d[first : first + CHUNK], np.float64)
        total += np.einsum("mij,mij->ij", frames, frames)
        release_pages(scan.diff3d)
    seen = np.full_like(total, scan.size)
    if scan.mask is not None:
        each = scan.mask.ndim == 3
        seen = scan.mask.sum(axis=0, dtype=np.float64) if each else seen * scan.mask
    expected = expected_pattern(scan.probeGuess, total, seen)
    return np.where(seen > 0, total / np.maximum(seen, 1), expected)


def expected_pattern(probe: Array, total: Array, seen: Array) -> Array:
    """Mixture of |F(P)|^2, spread by several widths, that explains `total` over `seen` frames a pixel; (N, N) all.

    Poisson likelihood of the measured pixels, maximised by expectation and maximisation, in which pixels without a
    measurement have no part (Dempster, Laird, Rubin, J. R. Stat. Soc. B 39, 1 (1977)).
    """
    from scipy.ndimage import gaussian_filter

    beam = probe_intensity(far_field(probe.astype(np.complex128)))
    spread = [beam, *(gaussian_filter(beam, width, mode="wrap") for width in SPREADS)]
    parts = np.stack([one.ravel() / one.sum() for one in spread])
    measured, weight = total.ravel(), seen.ravel()
    exposure = np.maximum(parts @ weight, 1e-300)
    power = np.full(len(parts), measured.sum() / exposure.sum())
    for _ in range(ROUNDS):
        rate = np.maximum(power @ parts, 1e-300)
        power = power * (parts @ (measured / rate)) / exposure
    return np.asarray((power @ parts).reshape(total.shape))
