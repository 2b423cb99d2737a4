"""Exit wave to detector: the orthonormal, centred DFT (Parseval holds without any factor of N)."""

import numpy as np
from scipy import fft

from ptyspec.contracts.bundles import Array


def far_field(exit_wave: Array) -> Array:
    """Return the complex field at the detector, zero frequency at pixel [N/2, N/2]; (..., N, N) in and out.

    Orthonormal: sum |field|^2 = sum |exit wave|^2. No padding.
    """
    field = fft.fft2(exit_wave, norm="ortho")
    return np.asarray(fft.fftshift(field, axes=(-2, -1)))


def from_far_field(field: Array) -> Array:
    """Inverse of `far_field`."""
    return np.asarray(fft.ifft2(fft.ifftshift(field, axes=(-2, -1)), norm="ortho"))


def expected_amplitude(probe: Array, patches: Array) -> Array:
    """Return |F(P O_j)| in field units for object patches (..., N, N).

    Intensities of a probe's K modes (K, N, N) add, for they do not interfere: sqrt(sum_k |F(P_k O_j)|^2).
    """
    if probe.ndim == 3:
        return np.sqrt(sum(np.abs(far_field(mode * patches)) ** 2 for mode in probe))
    return np.abs(far_field(probe * patches))
