"""What every adapter needs: a canvas that holds each frame, and NaN where no frame fell."""

from typing import Any

import numpy as np

from ptyspec.pipeline.box import Scan

Array = Any


def canvas(scan: Scan, border: int = 2) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return origin (x, y) and shape (rows, columns) that hold every frame and a border around them."""
    half = scan.probe.shape[0] // 2
    low = np.floor(scan.positions.min(axis=0)).astype(int) - half - border
    high = np.ceil(scan.positions.max(axis=0)).astype(int) + half + border
    return (int(low[0]), int(low[1])), (int(high[1] - low[1]), int(high[0] - low[0]))


def intensity(scan: Scan) -> Array:
    """Return |F(P O_j)|^2 as it was measured, (M, N, N) float32; a negative count stays one."""
    frames = np.asarray(scan.frames, np.float64)
    return (frames**2 if scan.measurement == "amplitudes" else frames / scan.scale**2).astype("f4")


def start(scan: Scan, shape: tuple[int, int]) -> Array:
    """Return the flat object whose frames are as bright as those of the scan on average, complex64."""
    seen = intensity(scan) * (1 if scan.mask is None else scan.mask)
    level = np.sqrt(seen.sum(axis=(1, 2)).mean() / (np.abs(scan.probe) ** 2).sum())
    return np.full(shape, level, np.complex64)


def only_lit(scan: Scan, image: Array, origin: tuple[int, int]) -> Array:
    """Return the object with NaN where no frame fell: an engine returns numbers there too."""
    lit, half = np.zeros(image.shape, bool), scan.probe.shape[0] // 2
    for x, y in np.floor(scan.positions).astype(int) - half - origin:
        lit[y : y + 2 * half, x : x + 2 * half] = True
    return np.where(lit, image, np.complex64(np.nan)).astype(np.complex64)
