"""The measurement itself: object, probe, positions and dose to counts and stored amplitudes."""

from collections.abc import Iterator

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import DoseSpec
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.scale import intensity_scale
from ptyspec.seeds import generator

CHUNK = 256


def field_amplitudes(obj: Array, probe: Array, positions: Array) -> Iterator[Array]:
    """Yield |F(P O_j)| in chunks (<= 256, N, N) float32, in scan order."""
    for start in range(0, len(positions), CHUNK):
        patches = extract_patches(obj, positions[start : start + CHUNK], probe.shape[-1])
        yield expected_amplitude(probe, patches).astype(np.float32)


def measure(
    obj: Array, probe: Array, positions: Array, dose: DoseSpec, seed: int
) -> tuple[Array, float]:
    """Return stored amplitudes X = sqrt(counts)/s, (M, N, N) float32, and the scale s.

    counts = Poisson(s^2 |F(P O_j)|^2) with s = sqrt(nphotons / mean_j sum |P O_j|^2); without noise counts are
    their expectation.
    """
    amplitude = np.concatenate(list(field_amplitudes(obj, probe, positions)))
    energy = float(np.einsum("mij,mij->", amplitude, amplitude, dtype=np.float64)) / len(amplitude)
    scale = intensity_scale(dose.nphotons, energy)
    if dose.noise == "poisson":
        draws = generator(seed, "photon noise")
        for start in range(0, len(amplitude), CHUNK):
            rate = (scale * amplitude[start : start + CHUNK].astype(np.float64)) ** 2
            amplitude[start : start + CHUNK] = np.sqrt(draws.poisson(rate)) / scale
    return amplitude, scale
