"""Exit wave to detector: orthonormal, centred, unpadded (design 3; failure signature 53)."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.physics.diffraction import expected_amplitude, far_field, from_far_field
from ptyspec.spec.checks import Check

SIZES = [8, 12, 64]


def wave(size: int, frames: int = 2) -> Array:
    draws = np.random.default_rng(size)
    return np.asarray(
        draws.standard_normal((frames, size, size))
        + 1j * draws.standard_normal((frames, size, size))
    )


@pytest.mark.clause("FORWARD-001")
@pytest.mark.parametrize("size", SIZES)
def test_energy_on_the_detector_equals_energy_of_the_exit_wave_for_every_frame(
    size: int, clause: Check
) -> None:
    exit_wave = wave(size)
    field = far_field(exit_wave)
    there, here = ((np.abs(array) ** 2).sum(axis=(-2, -1)) for array in (field, exit_wave))
    clause.close(there, here, "energy of each frame")  # Parseval without any factor of N


@pytest.mark.clause("FORWARD-003")
@pytest.mark.parametrize("size", SIZES)
def test_a_point_of_light_gives_a_flat_pattern_of_one_over_n(size: int, clause: Check) -> None:
    exit_wave = np.zeros((size, size), np.complex128)
    exit_wave[2, 5] = 1
    clause.close(
        np.abs(far_field(exit_wave)), np.full((size, size), 1 / size), "pattern of a point"
    )


@pytest.mark.clause("FORWARD-002")
@pytest.mark.parametrize("size", SIZES)
def test_a_flat_wave_gives_one_bright_pixel_at_the_centre(size: int, clause: Check) -> None:
    pattern = np.abs(far_field(np.ones((size, size))))
    expected = np.zeros((size, size))
    expected[size // 2, size // 2] = size  # sqrt(N^2 pixels of energy one)
    clause.close(pattern, expected, "pattern of a flat wave")


@pytest.mark.clause("FORWARD-002")
@pytest.mark.parametrize(
    ("cycles", "pixel"),
    [
        pytest.param((0, 3), (8, 11), id="along-x"),
        pytest.param((3, 0), (11, 8), id="along-y"),
        pytest.param((-2, 5), (6, 13), id="oblique"),
    ],
)
def test_a_tilted_wave_lands_at_its_frequency_from_the_centre(
    cycles: tuple[int, int], pixel: tuple[int, int], clause: Check
) -> None:
    rows, columns = np.indices((16, 16))
    tilted = np.exp(2j * np.pi * (cycles[0] * rows + cycles[1] * columns) / 16)
    pattern = np.abs(far_field(tilted))
    expected = np.zeros((16, 16))
    expected[pixel] = 16  # sqrt(N^2 pixels of energy one)
    clause.close(pattern, expected, "pattern of a tilted wave")


@pytest.mark.parametrize("size", SIZES)
def test_the_inverse_gives_the_exit_wave_again(size: int) -> None:
    exit_wave = wave(size)
    np.testing.assert_allclose(from_far_field(far_field(exit_wave)), exit_wave, atol=1e-13 * size)


@pytest.mark.clause("FORWARD-003")
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_padded(size: int, clause: Check) -> None:
    clause.shape_dtype(
        far_field(wave(size, 3)), (3, size, size), np.complex128, "field at the detector"
    )


@pytest.mark.clause("FORWARD-006")
@pytest.mark.parametrize("frame", [0, 1, 2])
def test_frames_do_not_mix(frame: int, clause: Check) -> None:
    exit_wave = wave(8, 3)
    clause.equal(
        far_field(exit_wave)[frame], far_field(exit_wave[frame]), "field of one frame among others"
    )


def test_single_precision_stays_single_precision() -> None:
    assert far_field(wave(8).astype(np.complex64)).dtype == np.complex64


@pytest.mark.clause("FORWARD-004")
def test_an_object_of_ones_gives_the_probes_own_pattern(clause: Check) -> None:
    probe = wave(16, 1)[0]
    amplitude = expected_amplitude(probe, np.ones((4, 16, 16)))
    # The DFT written as its defining sum, which shares no code with the fast one.
    index = np.arange(16)
    matrix = np.exp(-2j * np.pi * np.outer(index - 8, index) / 16) / 4
    expected = np.broadcast_to(np.abs(matrix @ probe @ matrix.T), (4, 16, 16))
    clause.close(amplitude, expected, "pattern of the probe alone")


@pytest.mark.clause("FORWARD-004", "FORWARD-001")
def test_the_pattern_is_of_probe_times_object_and_scales_with_either(clause: Check) -> None:
    probe, patches = wave(16, 1)[0], wave(16, 5)
    once = expected_amplitude(probe, patches)
    clause.close(expected_amplitude(3 * probe, patches), 3 * once, "pattern of a stronger probe")
    clause.close(expected_amplitude(probe, 3 * patches), 3 * once, "pattern of a stronger object")
    energy = (np.abs(probe * patches) ** 2).sum(axis=(-2, -1))
    clause("FORWARD-001").close((once**2).sum(axis=(-2, -1)), energy, "energy of each pattern")
