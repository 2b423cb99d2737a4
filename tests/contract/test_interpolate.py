"""Sampling between pixels: what is kept, which way content moves, and the two forms that must agree."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.physics.interpolate import REACH, Kernel, kernel, resample, sampling_matrix, translate
from ptyspec.spec.checks import Check

KERNELS: list[Kernel] = ["lanczos", "linear"]
FRACTIONS = [0.0, 0.25, 0.5, 0.9]


def image(height: int = 14, width: int = 18) -> np.ndarray:
    """White noise: no symmetry, all frequencies."""
    return np.random.default_rng(3).standard_normal((height, width))


@pytest.mark.clause("TRANSLATE-003")
@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize("kind", KERNELS)
def test_a_constant_stays_constant_inside(kind: Kernel, fraction: float, clause: Check) -> None:
    moved = translate(np.full((16, 20), 2.5), np.array(fraction), np.array(-fraction), kind)
    edge = REACH[kind]
    inside = moved[edge:-edge, edge:-edge]
    clause.close(
        inside, np.full_like(inside, 2.5), "a moved constant"
    )  # rows of weights sum to one


@pytest.mark.clause("TRANSLATE-003")
@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize("kind", KERNELS)
def test_a_constant_cut_tap_by_tap_stays_constant(
    kind: Kernel, fraction: float, clause: Check
) -> None:
    size = 9 + 2 * REACH[kind]
    windows = np.full((2, size, size), 2.5)
    made = resample(windows, np.array([[fraction, 0.5], [0.1, fraction]]), kind)
    clause.close(made, np.full_like(made, 2.5), "a cut constant")


@pytest.mark.clause("TRANSLATE-001")
@pytest.mark.parametrize(
    ("dx", "dy"),
    [
        pytest.param(3, 0, id="right"),
        pytest.param(0, 2, id="down"),
        pytest.param(-4, 5, id="left-and-down"),
    ],
)
@pytest.mark.parametrize("kind", KERNELS)
def test_whole_pixel_moves_are_exact_go_right_and_down_and_fill_with_zeros(
    kind: Kernel, dx: int, dy: int, clause: Check
) -> None:
    source = image()
    expected = np.zeros_like(source)
    for row in range(14):
        for column in range(18):
            if 0 <= row + dy < 14 and 0 <= column + dx < 18:
                expected[row + dy, column + dx] = source[row, column]
    moved = translate(source, np.array(dx), np.array(dy), kind)
    clause.close(moved, expected, "moved image")  # sinc of a whole number is zero but for rounding


@pytest.mark.clause("TRANSLATE-001")
@pytest.mark.parametrize("kind", KERNELS)
def test_a_sub_pixel_move_carries_the_centre_of_mass_right_and_down(kind: Kernel) -> None:
    rows, columns = np.indices((40, 50))
    blob = np.exp(-((rows - 18) ** 2 + (columns - 22) ** 2) / (2 * 3.0**2))
    moved = translate(blob, np.array(0.7), np.array(-1.3), kind)
    # The tent keeps the first moment exactly, normalised Lanczos-3 to 0.02 of a pixel (measured).
    tolerance = 0.03 if kind == "lanczos" else 1e-6  # the blob ends at the border
    assert (moved * columns).sum() / moved.sum() == pytest.approx(22.7, abs=tolerance)
    assert (moved * rows).sum() / moved.sum() == pytest.approx(16.7, abs=tolerance)


@pytest.mark.parametrize(
    "fraction", [(0.0, 0.0), (0.3, 0.8), (0.99, 0.01)], ids=["whole", "oblique", "nearly-whole"]
)
@pytest.mark.parametrize("kind", KERNELS)
def test_tap_by_tap_sampling_equals_the_sampling_matrix(
    kind: Kernel, fraction: tuple[float, float]
) -> None:
    reach = REACH[kind]
    windows = np.random.default_rng(4).standard_normal((2, 11 + 2 * reach, 11 + 2 * reach))
    size = 12
    x, y = np.array([fraction[0], 0.5]), np.array([fraction[1], 0.1])
    quick = resample(windows, np.stack([x, y], axis=1), kind)
    vertical = sampling_matrix(size, windows.shape[1], y + reach - 1, kind)
    horizontal = sampling_matrix(size, windows.shape[2], x + reach - 1, kind)
    np.testing.assert_allclose(
        quick, vertical @ windows @ np.swapaxes(horizontal, 1, 2), atol=1e-13
    )  # same sums


@pytest.mark.parametrize("fraction", FRACTIONS)
def test_the_tent_is_never_negative_and_lanczos_is(fraction: float) -> None:
    assert (sampling_matrix(8, 8, np.array(fraction), "linear") >= 0).all()
    assert (sampling_matrix(8, 8, np.array(fraction), "lanczos").min() < -1e-3) == (fraction != 0)


def test_the_tent_is_linear_interpolation() -> None:
    np.testing.assert_allclose(
        sampling_matrix(1, 3, np.array(0.3), "linear"), [[0.7, 0.3, 0.0]], atol=1e-15
    )


@pytest.mark.parametrize("kind", KERNELS)
def test_a_kernel_is_one_at_zero_symmetric_and_zero_from_its_reach_on(kind: Kernel) -> None:
    distance = np.linspace(0, 4, 41)
    assert kernel(np.array(0.0), kind) == 1
    np.testing.assert_array_equal(kernel(-distance, kind), kernel(distance, kind))
    assert not kernel(distance[distance >= REACH[kind]], kind).any()
    assert (
        kernel(np.array(REACH[kind] - 0.5), kind) != 0
    )  # a longer window would hold pixels that count nothing


def wave_error(frequency: float, fraction: float, kind: Kernel) -> float:
    """Largest error of a moved cosine of amplitude one, `frequency` in cycles a pixel, away from the border."""
    axis = np.arange(64)
    moved = sampling_matrix(64, 64, np.array(-fraction), kind) @ np.cos(
        2 * np.pi * frequency * axis + 0.2
    )
    return float(
        np.abs(moved - np.cos(2 * np.pi * frequency * (axis - fraction) + 0.2))[4:-4].max()
    )


@pytest.mark.clause("TRANSLATE-004")
@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("frequency", [0.05, 0.1, 0.2, 0.3])
def test_lanczos_keeps_a_wave_of_up_to_0_6_nyquist(
    frequency: float, fraction: float, clause: Check
) -> None:
    error = wave_error(
        frequency, fraction, "lanczos"
    )  # measured: 0.024 at worst; 0.14 at 0.7 Nyquist
    clause.close(error, 0, "largest error of a moved wave of amplitude one")


@pytest.mark.clause("TRANSLATE-004")
def test_lanczos_keeps_fine_waves_far_better_than_the_tent_which_is_why_objects_move_by_it() -> (
    None
):
    assert (
        wave_error(0.3, 0.5, "linear") > 0.35
    )  # 1 - cos(pi 0.3) = 0.41: the tent averages two pixels
    assert wave_error(0.3, 0.5, "lanczos") < 0.03


def test_a_move_there_and_back_gives_a_smooth_image_again() -> None:
    rows, columns = np.indices((40, 40))
    smooth = np.exp(-((rows - 18) ** 2 + (columns - 22) ** 2) / (2 * 2.5**2))
    there = translate(smooth, np.array(0.4), np.array(-0.7))
    back = translate(there, np.array(-0.4), np.array(0.7))
    np.testing.assert_allclose(
        back, smooth, atol=0.02
    )  # measured: 0.01, twice the loss of one move


def test_every_image_of_a_stack_moves_by_its_own_amount() -> None:
    stack = np.stack([image(), image()[::-1]])
    dx, dy = np.array([0.5, -1.25]), np.array([2.0, 0.75])
    together = translate(stack, dx, dy)
    for i in range(2):
        np.testing.assert_allclose(together[i], translate(stack[i], dx[i], dy[i]), atol=1e-14)
