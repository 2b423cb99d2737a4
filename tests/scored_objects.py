"""Objects with structure of their own, and reconstructions of them, for tests of scores."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.seeds import generator


def smooth(shape: tuple[int, int], purpose: str, sigma: float) -> Array:
    """Gaussian-filtered noise of unit standard deviation plus a little white texture, so that no ring is empty."""
    random = generator(7, purpose)
    field = gaussian_filter(random.normal(size=shape), sigma)
    return np.asarray(field / field.std() + 0.02 * random.normal(size=shape))


def make_object(shape: tuple[int, int] = (120, 140)) -> Array:
    amplitude = 2.7 + 0.5 * smooth(shape, "amplitude", 2.5)
    return np.asarray(np.abs(amplitude) * np.exp(0.5j * smooth(shape, "phase", 3.0))).astype(
        np.complex64
    )


def as_reconstruction(
    image: Array, mask: Array | None = None, origin: tuple[int, int] = (0, 0)
) -> Reconstruction:
    lit = np.ones(image.shape, bool) if mask is None else mask
    held = np.where(lit, image, np.nan).astype(np.complex64)
    return Reconstruction(object=held, coverage=lit.astype(np.float32), origin=origin)


def half_covered(truth: Array) -> Reconstruction:
    """The lower half of the object, without its corners, displaced by a small error."""
    rows, columns = truth.shape
    y, x = np.mgrid[: rows // 2, :columns]
    mask = ((y - rows / 4) / (rows / 3.5)) ** 2 + ((x - columns / 2) / (columns / 1.8)) ** 2 < 1
    noise = generator(1, "error").normal(size=(2, rows // 2, columns))
    return as_reconstruction(
        truth[rows // 2 :] + 0.2 * (noise[0] + 1j * noise[1]), mask, (0, rows // 2)
    )


TRUTH = make_object()
