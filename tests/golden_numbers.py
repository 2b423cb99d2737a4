"""What several golden cases share: tolerances of what no training touched, and numbers that tell one image from another."""

from __future__ import annotations

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.testing.golden.files import Tolerance

RECORDED = "design 5, rounding of the recorded digits"
LAST_BITS = Tolerance(
    0, 1e-6, "double precision, kept as single (6e-8): another FFT or libm moves the last bits"
)
PHOTONS = Tolerance(
    1e-6, 1e-5, "first run; another FFT or libm moves the last bits, and a few photons with them"
)


def statistics(image: Array) -> dict[str, float]:
    """Statistics of a complex image; a transposed or turned one differs in its centre and its slope."""
    image = image.astype(complex)
    modulus, phase = np.abs(image), np.angle(image)
    rows, columns = np.indices(modulus.shape)
    energy = (modulus**2).sum()
    return {
        "mean": modulus.mean(),
        "std": modulus.std(),
        "min": modulus.min(),
        "max": modulus.max(),
        "energy": energy,
        "centre-x": (columns * modulus**2).sum() / energy,
        "centre-y": (rows * modulus**2).sum() / energy,
        "phase-std": phase.std(),
        "phase-centre-x": (columns * np.abs(phase)).mean(),
        "roughness-x": np.abs(np.diff(image, axis=1)).mean(),
        "roughness-y": np.abs(np.diff(image, axis=0)).mean(),
    }
