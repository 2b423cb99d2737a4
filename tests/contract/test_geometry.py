"""Positions and patches: the patch centre convention, the two canvases (upstream facts 1.2; failures 17, 18, 63)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.physics.geometry import extract_patches, object_extent, required_canvas
from ptyspec.spec.checks import Check
from tests.small_scenes import textured_object

HEIGHT, WIDTH, N = 60, 44, 16


def looped(obj: Array, x: int, y: int, size: int) -> Array:
    """The convention written pixel by pixel."""
    patch = np.zeros((size, size), obj.dtype)
    for i in range(size):
        for j in range(size):
            row, column = y - size // 2 + i, x - size // 2 + j
            if 0 <= row < obj.shape[0] and 0 <= column < obj.shape[1]:
                patch[i, j] = obj[row, column]
    return patch


@pytest.mark.clause("TRANSLATE-002")
@pytest.mark.parametrize("size", [8, 16, 32])
def test_a_point_at_the_position_shows_at_pixel_half_n_of_its_patch(size: int) -> None:
    obj = np.zeros((HEIGHT, WIDTH))
    obj[31, 20] = 1  # row y = 31, column x = 20
    patch = extract_patches(obj, np.array([[20.0, 31.0]]), size)[0]
    expected = np.zeros((size, size))
    expected[size // 2, size // 2] = 1
    np.testing.assert_allclose(patch, expected, atol=1e-15)


@pytest.mark.clause("TRANSLATE-002")
@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param(20, 31, id="inside"),
        pytest.param(0, 0, id="first-corner"),
        pytest.param(WIDTH, HEIGHT, id="last-corner"),
        pytest.param(3, 55, id="across-two-sides"),
        pytest.param(-6, 20, id="centre-left-of-the-object"),
        pytest.param(WIDTH + 6, 20, id="centre-right-of-the-object"),
        pytest.param(20, -5, id="centre-above-the-object"),
        pytest.param(20, HEIGHT + 5, id="centre-below-the-object"),
        pytest.param(-40, 20, id="far-left"),
        pytest.param(20, 500, id="far-below"),
    ],
)
def test_a_whole_pixel_patch_is_a_plain_cut_with_zeros_outside(x: int, y: int) -> None:
    obj = textured_object(HEIGHT, WIDTH)
    patch = extract_patches(obj, np.array([[x, y]], float), N)[0]
    np.testing.assert_allclose(patch, looped(obj, x, y, N), atol=1e-6)  # complex64


@pytest.mark.clause("TRANSLATE-002")
@pytest.mark.parametrize(
    ("x", "y"),
    [(-40.3, 20.5), (WIDTH + 40.3, 20.5), (20.5, -40.3), (20.5, HEIGHT + 40.3)],
    ids=["left", "right", "above", "below"],
)
def test_a_sub_pixel_patch_wholly_outside_the_object_is_nothing_but_zeros(
    x: float, y: float
) -> None:
    patch = extract_patches(textured_object(HEIGHT, WIDTH), np.array([[x, y]]), N)[0]
    np.testing.assert_array_equal(patch, 0)


@pytest.mark.clause("TRANSLATE-002")
@pytest.mark.parametrize(
    ("x", "y"), [(20.3, 31.8), (22.5, 28.5), (19.01, 30.99)], ids=["a", "b", "c"]
)
def test_a_blob_at_a_sub_pixel_position_is_centred_in_its_patch(x: float, y: float) -> None:
    rows, columns = np.indices((HEIGHT, WIDTH))
    blob = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 1.5**2))
    patch = extract_patches(blob, np.array([[x, y]]), N)[0]
    at = np.arange(N)
    centre = [(patch.sum(axis=axis) * at).sum() / patch.sum() for axis in (0, 1)]
    np.testing.assert_allclose(
        centre, N // 2, atol=0.03
    )  # Lanczos-3 keeps the first moment to 0.02 pixel
    expected = np.exp(-((at[:, None] - N // 2) ** 2 + (at - N // 2) ** 2) / (2 * 1.5**2))
    np.testing.assert_allclose(patch, expected, atol=0.02)  # measured: 0.008


@pytest.mark.clause("FORWARD-006")
def test_patches_come_in_the_order_of_their_positions_and_keep_the_dtype() -> None:
    obj = textured_object(HEIGHT, WIDTH)
    positions = np.array([[30.25, 12.5], [11.0, 40.75], [20.0, 20.0]])
    together = extract_patches(obj, positions, N)
    assert together.shape == (3, N, N)
    assert together.dtype == np.complex64
    for patch, position in zip(together, positions, strict=True):
        np.testing.assert_array_equal(patch, extract_patches(obj, position[None], N)[0])


@pytest.mark.clause("TRANSLATE-002")
def test_x_is_the_column_and_y_the_row() -> None:
    ramp = np.tile(np.arange(WIDTH, dtype=float), (HEIGHT, 1))  # brighter to the right alone
    left, right, below = extract_patches(
        ramp, np.array([[15.0, 20.0], [18.0, 20.0], [15.0, 23.0]]), N
    )
    np.testing.assert_allclose(right - left, 3, atol=1e-12)
    np.testing.assert_allclose(below - left, 0, atol=1e-12)


@pytest.mark.clause("CANVAS-001")
@pytest.mark.parametrize(
    ("largest", "side"),
    [
        pytest.param(0.0, 32, id="none"),
        pytest.param(0.2, 34, id="a-fraction"),
        pytest.param(3.0, 38, id="whole"),
        pytest.param(3.01, 40, id="just-above"),
    ],
)
def test_the_canvas_of_a_group_is_n_and_twice_the_largest_relative_offset(
    clause: Check, largest: float, side: int
) -> None:
    relative = np.zeros((3, 1, 2, 4))
    relative[1, 0, 1, 2] = -largest
    assert side == 32 + 2 * math.ceil(largest)
    clause.equal(required_canvas(relative, 32), side, "side of the canvas")


def test_no_offset_at_all_needs_a_canvas_of_one_patch() -> None:
    assert required_canvas(np.zeros((0, 1, 2, 4)), N) == N


@pytest.mark.clause("CANVAS-002")
def test_the_canvas_of_a_group_does_not_grow_with_absolute_positions(clause: Check) -> None:
    coords = np.random.default_rng(1).uniform(0, 20, (5, 1, 2, 4))
    sides = []
    for moved in (coords, coords + 1000):
        relative = -(moved - moved.mean(axis=-1, keepdims=True))
        sides.append(required_canvas(relative, 32))
    clause.equal(sides[1], sides[0], "side of the canvas of the moved scan")
    assert sides[0] <= 32 + 2 * 20  # no offset exceeds the spread of the positions


@pytest.mark.clause("STITCH-001")
def test_the_extent_holds_every_patch_and_not_a_pixel_more_than_rounding_needs() -> None:
    positions = np.array([[10.25, 50.0], [30.5, 20.75], [12.0, 33.3]])
    x0, y0, width, height = object_extent(positions, N)
    assert (x0, y0) == (10 - 8, 20 - 8)  # floor(min) - N/2
    assert (width, height) == (31 + 8 - x0, 50 + 8 - y0)  # ceil(max) + N/2
    assert all(isinstance(value, int) for value in (x0, y0, width, height))


@pytest.mark.clause("STITCH-001", "BASELINE-OFFSET-001")
def test_the_extent_moves_with_the_positions(clause: Check) -> None:
    positions = np.array([[10.25, 50.0], [30.5, 20.75]])
    x0, y0, width, height = object_extent(positions, N)
    moved = object_extent(positions + np.array([1000, -7]), N)
    clause("STITCH-001").equal(moved[:2], (x0 + 1000, y0 - 7), "origin of the moved canvas")
    clause("BASELINE-OFFSET-001").equal(moved[2:], (width, height), "size of the moved canvas")
