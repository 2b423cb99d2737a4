"""Exit wave to detector: orthonormal, centred, unpadded (design 3; failure signature 53)."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.contracts.arrays import Array
from ptyspec.physics.diffraction import expected_amplitude, far_field, from_far_field

SIZES = [8, 12, 64]
EXACT = 1e-12
"""Relative: double precision with the few hundred roundings of an FFT."""


def wave(size: int, frames: int = 2) -> Array:
    draws = np.random.default_rng(size)
    return np.asarray(draws.standard_normal((frames, size, size)) + 1j * draws.standard_normal((frames, size, size)))


@pytest.mark.parametrize("size", SIZES)
def test_energy_on_the_detector_equals_energy_of_the_exit_wave_for_every_frame(size: int) -> None:
    exit_wave = wave(size)
    field = far_field(exit_wave)
    energies = [(np.abs(array) ** 2).sum(axis=(-2, -1)) for array in (field, exit_wave)]
    np.testing.assert_allclose(*energies, rtol=EXACT)  # Parseval without any factor of N


@pytest.mark.parametrize("size", SIZES)
def test_a_point_of_light_gives_a_flat_pattern_of_one_over_n(size: int) -> None:
    exit_wave = np.zeros((size, size), np.complex128)
    exit_wave[2, 5] = 1
    np.testing.assert_allclose(np.abs(far_field(exit_wave)), 1 / size, rtol=EXACT)


@pytest.mark.parametrize("size", SIZES)
def test_a_flat_wave_gives_one_bright_pixel_at_the_centre(size: int) -> None:
    pattern = np.abs(far_field(np.ones((size, size))))
    expected = np.zeros((size, size))
    expected[size // 2, size // 2] = size  # sqrt(N^2 pixels of energy one)
    np.testing.assert_allclose(pattern, expected, atol=EXACT * size)


@pytest.mark.parametrize(
    ("cycles", "pixel"),
    [
        pytest.param((0, 3), (8, 11), id="along-x"),
        pytest.param((3, 0), (11, 8), id="along-y"),
        pytest.param((-2, 5), (6, 13), id="oblique"),
    ],
)
def test_a_tilted_wave_lands_at_its_frequency_from_the_centre(cycles: tuple[int, int], pixel: tuple[int, int]) -> None:
    rows, columns = np.indices((16, 16))
    tilted = np.exp(2j * np.pi * (cycles[0] * rows + cycles[1] * columns) / 16)
    pattern = np.abs(far_field(tilted))
    assert np.unravel_index(pattern.argmax(), pattern.shape) == pixel
    assert pattern[pixel] == pytest.approx(16, rel=EXACT)


@pytest.mark.parametrize("size", SIZES)
def test_the_inverse_gives_the_exit_wave_again(size: int) -> None:
    exit_wave = wave(size)
    np.testing.assert_allclose(from_far_field(far_field(exit_wave)), exit_wave, atol=1e-13 * size)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_padded(size: int) -> None:
    assert far_field(wave(size, 3)).shape == (3, size, size)


def test_frames_do_not_mix() -> None:
    exit_wave = wave(8, 3)
    np.testing.assert_array_equal(far_field(exit_wave)[1], far_field(exit_wave[1]))


def test_single_precision_stays_single_precision() -> None:
    assert far_field(wave(8).astype(np.complex64)).dtype == np.complex64


def test_an_object_of_ones_gives_the_probes_own_pattern() -> None:
    probe = wave(16, 1)[0]
    amplitude = expected_amplitude(probe, np.ones((4, 16, 16)))
    # The DFT written as its defining sum, which shares no code with the fast one.
    index = np.arange(16)
    matrix = np.exp(-2j * np.pi * np.outer(index - 8, index) / 16) / 4
    np.testing.assert_allclose(amplitude, np.broadcast_to(np.abs(matrix @ probe @ matrix.T), (4, 16, 16)), rtol=1e-11)


def test_the_pattern_is_of_probe_times_object_and_scales_with_either() -> None:
    probe, patches = wave(16, 1)[0], wave(16, 5)
    once = expected_amplitude(probe, patches)
    np.testing.assert_allclose(expected_amplitude(3 * probe, patches), 3 * once, rtol=EXACT)
    np.testing.assert_allclose(expected_amplitude(probe, 3 * patches), 3 * once, rtol=EXACT)
    energy = (np.abs(probe * patches) ** 2).sum(axis=(-2, -1))
    np.testing.assert_allclose((once**2).sum(axis=(-2, -1)), energy, rtol=EXACT)
