"""Merging a group on its canvas and cutting it again (design 3; failure signatures 18, 47, 49, 50, 63)."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.errors import CanvasError
from ptyspec.physics.geometry import extract_patches, required_canvas
from ptyspec.physics.interpolate import translate
from ptyspec.physics.merge import FLOOR, check_canvas, extract_group, merge_group
from ptyspec.physics.scale import illumination_weight
from ptyspec.spec.checks import Check
from tests.small_scenes import cut, small_probe, textured_object

N, C, B = 32, 4, 3
OBJECT = textured_object(90, 70)
WEIGHT = illumination_weight(small_probe(N))
LIT = 0.05
"""Summed weight above which a canvas pixel counts as lit."""


def groups(whole: bool = False, spread: float = 7.0) -> tuple[Array, Array, Array]:
    """(offsets (B, 2), relative (B, 1, 2, C), patches (B, N, N, C)); every channel of every group lies elsewhere."""
    draws = np.random.default_rng(8)
    middle = np.array([[25.0, 30.0], [36.0, 55.0], [44.0, 40.0]])
    away = draws.uniform(-spread, spread, (B, 2, C))
    if whole:
        away = np.round(away)
        away[:, :, -1] = -away[:, :, :-1].sum(axis=-1)  # the mean, too, is a whole pixel
    coords = middle[:, :, None] + away
    offsets = coords.mean(axis=-1)
    relative = -(coords - offsets[..., None])[:, None]
    flat = cut(OBJECT, np.moveaxis(coords, 1, 2).reshape(-1, 2), N)
    return offsets, relative, np.moveaxis(flat.reshape(B, C, N, N), 1, -1)


def lit(relative: Array, canvas: int) -> Array:
    """Summed weight on the canvas, by one translation a member."""
    pad = (canvas - N) // 2
    framed = np.pad(WEIGHT, pad)
    moved = translate(
        framed, -relative[:, 0, 0], -relative[:, 0, 1], "linear"
    )  # (B, C, canvas, canvas)
    return np.asarray(moved.sum(axis=1))


@pytest.mark.clause("MERGE-002")
def test_a_merge_of_ones_is_one_everywhere_even_where_no_light_falls(clause: Check) -> None:
    _, relative, _ = groups(whole=True)
    merged = merge_group(
        np.ones((B, N, N, C)), relative, WEIGHT, required_canvas(relative, N), fill=1.0
    )
    clause.close(
        merged, np.ones(merged.shape), "merge of ones"
    )  # upstream: x 1000 outside its mask
    np.testing.assert_allclose(merged, 1, atol=1e-6)  # whole pixels: float32 weights alone


@pytest.mark.clause("MERGE-002")
def test_between_pixels_a_merge_of_ones_is_one_where_light_falls(clause: Check) -> None:
    _, relative, _ = groups()
    canvas = required_canvas(relative, N)
    merged = merge_group(np.ones((B, N, N, C)), relative, WEIGHT, canvas, fill=1.0)
    light = lit(relative, canvas)
    clause.close(
        merged[light > LIT], np.ones((light > LIT).sum()), "merge of ones, moved by fractions"
    )
    np.testing.assert_allclose(
        merged[light > 1e-3], 1, atol=0.05
    )  # dim: Lanczos rings, measured 1.5e-2


@pytest.mark.clause("MERGE-002")
def test_where_no_weight_falls_the_canvas_holds_the_fill_value() -> None:
    relative = np.zeros((1, 1, 2, 1))
    merged = merge_group(np.full((1, N, N, 1), 5.0), relative, WEIGHT, N + 20, fill=2.5)
    np.testing.assert_allclose(merged[0, :6, :6], 2.5, rtol=1e-6)


@pytest.mark.clause("MERGE-002")
def test_the_fill_value_is_one_unless_another_is_given() -> None:
    merged = merge_group(np.full((1, N, N, 1), 5.0), np.zeros((1, 1, 2, 1)), WEIGHT, N + 20)
    np.testing.assert_allclose(merged[0, :6, :6], 1.0, rtol=1e-6)
    assert merged.dtype == np.float64, "of real patches a real canvas"


@pytest.mark.clause("MERGE-003")
@pytest.mark.parametrize(
    ("whole", "tolerance"),
    [
        pytest.param(
            True, 1e-4, id="whole-pixels"
        ),  # floor of the weights, 1e-6 of a lit pixel, and float32
        pytest.param(
            False, 0.05, id="sub-pixel"
        ),  # Lanczos twice, and patches that end inside the canvas
    ],
)
def test_perfect_patches_merge_to_the_object_around_the_offset(
    clause: Check, whole: bool, tolerance: float
) -> None:
    offsets, relative, patches = groups(whole)
    canvas = required_canvas(relative, N)
    merged = merge_group(patches, relative, WEIGHT, canvas)
    truth = extract_patches(OBJECT, offsets, canvas)
    seen = lit(relative, canvas) > LIT
    assert seen.sum() > B * N * N / 4
    clause.close(np.where(seen, merged, truth), truth, "merged canvas where it is lit")
    assert np.abs(merged - truth)[seen].max() < tolerance * np.abs(truth).max()


@pytest.mark.clause("MERGE-003")
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda relative: -relative, id="sign-flipped"),
        pytest.param(lambda relative: relative[:, :, ::-1], id="x-and-y-swapped"),
        pytest.param(lambda relative: relative[..., ::-1], id="channels-reversed"),
        pytest.param(lambda relative: relative[[1, 2, 0]], id="groups-rolled"),
    ],
)
def test_wrong_offsets_lose_the_object(wrong: object) -> None:
    offsets, relative, patches = groups()
    canvas = required_canvas(relative, N) + 8
    truth = extract_patches(OBJECT, offsets, canvas)
    used = wrong(relative)  # type: ignore[operator]
    error = []
    for given in (relative, used):
        seen = lit(given, canvas) > LIT
        error.append(np.abs(merge_group(patches, given, WEIGHT, canvas) - truth)[seen].mean())
    assert error[1] > 20 * error[0]  # measured: 60 times and more


@pytest.mark.clause("MERGE-003")
def test_extracting_moves_by_plus_relative_to_the_members_own_place() -> None:
    offsets, relative, patches = groups()
    canvas = required_canvas(relative, N) + 8
    around = extract_patches(OBJECT, offsets, canvas)  # the object itself on each group's canvas
    inner = slice(4, -4)  # Lanczos reaches three pixels beyond the canvas
    np.testing.assert_allclose(
        extract_group(around, relative, N)[:, inner, inner],
        patches[:, inner, inner],
        atol=0.03 * np.abs(OBJECT).max(),
    )


@pytest.mark.clause("MERGE-003")
@pytest.mark.parametrize(
    ("whole", "tolerance"),
    [pytest.param(True, 1e-4, id="whole-pixels"), pytest.param(False, 0.05, id="sub-pixel")],
)
def test_cutting_a_merged_group_gives_its_patches_again_where_they_are_lit(
    clause: Check, whole: bool, tolerance: float
) -> None:
    _, relative, patches = groups(whole)
    canvas = required_canvas(relative, N)
    again = extract_group(merge_group(patches, relative, WEIGHT, canvas), relative, N)
    clause.close(
        again[:, WEIGHT > LIT], patches[:, WEIGHT > LIT], "patches cut from the merged canvas"
    )
    assert np.abs(again - patches)[:, WEIGHT > LIT].max() < tolerance * np.abs(patches).max()


@pytest.mark.clause("MERGE-001")
def test_every_patch_goes_with_its_own_offset_as_in_a_loop(clause: Check) -> None:
    _, relative, _ = groups()
    draws = np.random.default_rng(2)
    patches = draws.standard_normal((B, N, N, C)) + 1j * draws.standard_normal((B, N, N, C))
    canvas = required_canvas(relative, N) + 4
    pad = (canvas - N) // 2
    merged = merge_group(patches, relative, WEIGHT, canvas, fill=3.0)
    for b in range(B):
        value = np.full((canvas, canvas), FLOOR * 3.0, np.complex128)
        weight = np.full((canvas, canvas), FLOOR)
        for c in range(C):
            dx, dy = -relative[b, 0, 0, c], -relative[b, 0, 1, c]
            moved = translate(np.pad(WEIGHT, pad), dx, dy, "linear")
            value += moved * translate(np.pad(patches[b, :, :, c], pad), dx, dy)
            weight += moved
        clause.close(merged[b], value / weight, f"merged group {b}")


@pytest.mark.clause("INFER-001", "REASSEMBLY-BATCH-001")
def test_groups_do_not_influence_each_other(clause: Check) -> None:
    _, relative, patches = groups()
    canvas = required_canvas(relative, N)
    together = merge_group(patches, relative, WEIGHT, canvas)
    for b in range(B):
        alone = merge_group(patches[b : b + 1], relative[b : b + 1], WEIGHT, canvas)
        clause("REASSEMBLY-BATCH-001").close(together[b], alone[0], "group alone")
    changed = patches.copy()
    changed[0] *= 100
    clause("INFER-001").equal(
        merge_group(changed, relative, WEIGHT, canvas)[1:], together[1:], "the other groups"
    )


@pytest.mark.clause("MERGE-004")
def test_the_order_of_the_members_does_not_matter(clause: Check) -> None:
    _, relative, patches = groups()
    canvas = required_canvas(relative, N)
    other = [2, 0, 3, 1]
    turned = merge_group(patches[..., other], relative[..., other], WEIGHT, canvas)
    clause.close(turned, merge_group(patches, relative, WEIGHT, canvas), "merged canvas")


@pytest.mark.clause("MERGE-003")
def test_a_single_member_comes_back_as_it_is(clause: Check) -> None:
    patches = cut(OBJECT, np.array([[30.0, 40.0]]), N)[..., None]
    merged = merge_group(patches, np.zeros((1, 1, 2, 1)), WEIGHT, N)
    seen = WEIGHT > LIT
    clause.close(
        merged[0][seen], patches[0, :, :, 0][seen], "merge of one"
    )  # FLOOR / LIT and float32


@pytest.mark.clause("CANVAS-003")
def test_a_canvas_that_is_too_small_is_refused_with_its_numbers() -> None:
    relative = np.zeros((2, 1, 2, 4))
    relative[1, 0, 0, 3] = -7.25
    with pytest.raises(CanvasError, match="too small") as caught:
        merge_group(np.ones((2, N, N, 4)), relative, WEIGHT, 46)
    assert caught.value.details["value"] == 46
    assert caught.value.details["limit"] == ">= 48"  # 32 + 2 ceil(7.25)
    assert "7.25 px" in str(caught.value)
    assert "N = 32" in str(caught.value)
    assert "grouping.neighbor_count" in str(caught.value)


@pytest.mark.clause("CANVAS-001")
def test_a_canvas_of_exactly_the_needed_side_is_accepted(clause: Check) -> None:
    relative = np.zeros((2, 1, 2, 4))
    relative[1, 0, 0, 3] = -7.25
    check_canvas(relative, N, 48)
    clause.holds(True, "a canvas of this side is not refused")
