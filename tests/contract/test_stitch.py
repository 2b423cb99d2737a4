"""Patches to the object: placement, weight ledger, phases, and the ways to get it wrong (failures 17, 18, 59-61, 73)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, Patches, Reconstruction
from ptyspec.physics.scale import illumination_weight
from ptyspec.physics.stitch import finish, stitch
from ptyspec.spec.checks import Check
from tests.small_scenes import correlation, cut, lattice, scattered, small_probe, textured_object

N = 32
HEIGHT, WIDTH = 100, 76
OBJECT = textured_object(HEIGHT, WIDTH)
PROBE = small_probe(N)
WHOLE = lattice(HEIGHT, WIDTH, 18, 7)
SCATTERED = scattered(120, HEIGHT, WIDTH, 18)


def patches_at(positions: Array, flat: Array | None = None, members: int = 1) -> Patches:
    """Perfect patches (or `flat`, (M, N, N)) in groups of `members` consecutive ones."""
    values = cut(OBJECT, positions, N) if flat is None else flat
    groups = len(positions) // members
    stacked = np.moveaxis(values.reshape(groups, members, N, N), 1, -1)
    coords = np.moveaxis(positions.reshape(groups, members, 2), 1, 2)[:, None]
    return Patches(object=stacked, coords=coords, probe=PROBE)


def truth_of(made: Reconstruction) -> Array:
    """The object on the reconstruction's canvas, zero beyond it."""
    x0, y0 = made.origin
    padded = np.pad(OBJECT, 60)
    rows, columns = made.object.shape
    return np.asarray(padded[y0 + 60 : y0 + 60 + rows, x0 + 60 : x0 + 60 + columns])


def error(made: Reconstruction) -> float:
    """Relative root mean square error over covered pixels, one global phase removed."""
    seen = np.isfinite(made.object)
    value, truth = made.object[seen], truth_of(made)[seen]
    inner = np.vdot(value, truth)
    return float(np.linalg.norm(value * inner / abs(inner) - truth) / np.linalg.norm(truth))


def random_phases(count: int) -> Array:
    return np.exp(2j * np.pi * np.random.default_rng(6).random(count))[:, None, None]


@pytest.mark.clause("STITCH-GRIDSIZE-001")
@pytest.mark.parametrize("synchronise", [True, False], ids=["synchronised", "plain"])
def test_whole_pixel_patches_stitch_to_the_object_they_were_cut_from(
    clause: Check, synchronise: bool
) -> None:
    made = stitch(patches_at(WHOLE), synchronise=synchronise)
    seen = np.isfinite(made.object)
    assert seen.sum() > 0.4 * HEIGHT * WIDTH
    clause.close(
        np.abs(made.object[seen]),
        np.abs(truth_of(made)[seen]),
        "object amplitude where it is covered",
    )
    assert error(made) < 1e-4  # phases too


@pytest.mark.clause("STITCH-005")
def test_sub_pixel_patches_stitch_to_the_object_within_interpolation(clause: Check) -> None:
    made = stitch(patches_at(SCATTERED), synchronise=False)
    seen = np.isfinite(made.object)
    clause.close(error(made), 0.0, "relative rms error of the object")
    ratio = np.abs(made.object[seen]).mean() / np.abs(truth_of(made)[seen]).mean()
    assert ratio == pytest.approx(1, abs=2e-3)  # nothing is rescaled; prototype 3b: 0.9998
    assert (
        correlation(made.object, np.where(seen, truth_of(made), np.nan)) > 0.999
    )  # prototype 3b: 1.0000


@pytest.mark.clause("STITCH-008")
@pytest.mark.parametrize("turn", [0.0, 1.3, -2.9])
@pytest.mark.parametrize("synchronise", [True, False], ids=["synchronised", "plain"])
def test_the_free_global_phase_makes_the_weighted_sum_real_and_positive(
    clause: Check, synchronise: bool, turn: float
) -> None:
    given = cut(OBJECT, WHOLE, N) * np.exp(1j * turn)
    made = stitch(patches_at(WHOLE, given), synchronise=synchronise)
    seen = np.isfinite(made.object)
    total = (made.object[seen].astype(np.complex128) * made.coverage[seen]).sum()
    assert total.real > 0
    clause.close(np.angle(total), 0.0, "angle of the weighted sum")
    relation = made.object[seen] / truth_of(made)[seen]
    np.testing.assert_allclose(
        relation, relation.mean(), atol=1e-3
    )  # one phase for all pixels: complex64 sums


@pytest.mark.clause("STITCH-001", "BASELINE-OFFSET-001")
def test_the_canvas_is_of_the_absolute_positions_and_carries_its_origin(clause: Check) -> None:
    here, there = (
        stitch(patches_at(WHOLE)),
        stitch(patches_at(WHOLE + np.array([40, -30]), cut(OBJECT, WHOLE, N))),
    )
    clause.equal(here.origin, (18 - 16, 18 - 16), "origin: least position minus N/2")
    assert there.origin == (here.origin[0] + 40, here.origin[1] - 30)
    clause("BASELINE-OFFSET-001").equal(there.coverage, here.coverage, "coverage of the moved scan")
    np.testing.assert_array_equal(there.object, here.object)
    assert here.object.dtype == np.complex64
    assert here.coverage.dtype == np.float32


@pytest.mark.clause("STITCH-001")
def test_a_scan_that_lies_denser_on_one_side_has_the_same_origin(clause: Check) -> None:
    lopsided = np.concatenate(
        [WHOLE, np.repeat(WHOLE[:9], 4, axis=0)]
    )  # the mean position is not the middle
    clause.equal(
        stitch(patches_at(lopsided)).origin,
        stitch(patches_at(WHOLE)).origin,
        "origin of a lopsided scan",
    )


@pytest.mark.clause("STITCH-002")
@pytest.mark.parametrize("members", [1, 4])
@pytest.mark.parametrize("positions", [WHOLE[:64], SCATTERED], ids=["whole-pixels", "sub-pixel"])
def test_the_coverage_holds_the_whole_weight_of_every_patch(
    clause: Check, positions: Array, members: int
) -> None:
    made = stitch(patches_at(positions, members=members))
    total = made.coverage.sum(dtype=np.float64)
    whole = len(positions) * illumination_weight(PROBE).sum(
        dtype=np.float64
    )  # the tent keeps a sum
    clause.within_ratio(total, whole, "summed coverage")


@pytest.mark.clause("STITCH-004")
def test_a_patch_counts_by_the_light_that_fell_on_each_of_its_pixels(clause: Check) -> None:
    positions = np.array([[40.0, 40.0], [44.0, 40.0]])
    flat = np.stack([np.full((N, N), 1.0), np.full((N, N), 3.0)])
    made = stitch(patches_at(positions, flat), synchronise=False)
    weight = illumination_weight(PROBE)
    first, second = np.zeros((2, N, N + 4))
    first[:, :N], second[:, 4:] = weight, weight
    expected = (first + 3 * second) / (first + second)
    inside = np.isfinite(made.object[:N, : N + 4])
    clause.close(made.object[:N, : N + 4][inside], expected[inside], "mean of ones and threes")


@pytest.mark.clause("STITCH-005")
def test_patches_of_ones_stitch_to_one_wherever_there_is_coverage(clause: Check) -> None:
    made = stitch(patches_at(SCATTERED, np.ones((len(SCATTERED), N, N))), synchronise=False)
    seen = np.isfinite(made.object)
    clause.close(
        made.object[seen], np.ones(seen.sum()), "object"
    )  # Lanczos rings at the rim of a patch of ones


@pytest.mark.clause("STITCH-006")
@pytest.mark.parametrize("members", [1, 4])
def test_random_phases_of_groups_are_synchronised(clause: Check, members: int) -> None:
    groups = len(SCATTERED) // members
    given = cut(OBJECT, SCATTERED, N) * np.repeat(random_phases(groups), members, axis=0)
    made = stitch(patches_at(SCATTERED, given, members))
    clause.close(
        error(made), 0.0, "relative rms error of the object"
    )  # as good as without random phases
    seen = np.isfinite(made.object)
    assert np.abs(made.object[seen]).mean() / np.abs(truth_of(made)[seen]).mean() == pytest.approx(
        1, abs=2e-3
    )


@pytest.mark.clause("STITCH-006")
def test_without_synchronisation_random_phases_destroy_the_object() -> None:
    given = cut(OBJECT, SCATTERED, N) * random_phases(len(SCATTERED))
    made = stitch(patches_at(SCATTERED, given), synchronise=False)
    seen = np.isfinite(made.object)
    assert (
        np.abs(made.object[seen]).mean() / np.abs(truth_of(made)[seen]).mean() < 0.6
    )  # prototype 3b: 0.476
    assert error(made) > 0.5


@pytest.mark.clause("STITCH-006")
def test_synchronising_patches_that_agree_changes_no_phase_between_them() -> None:
    plain, synchronised = (
        stitch(patches_at(SCATTERED), synchronise=flag) for flag in (False, True)
    )
    seen = np.isfinite(plain.object)
    relation = synchronised.object[seen] / plain.object[seen]
    np.testing.assert_allclose(
        relation / relation[0], 1, atol=0.02
    )  # Lanczos differs by 1e-3 from patch to patch


@pytest.mark.clause("INFER-002")
def test_stitching_twice_gives_equal_bytes(clause: Check) -> None:
    given = patches_at(SCATTERED, cut(OBJECT, SCATTERED, N) * random_phases(len(SCATTERED)))
    first, second = stitch(given), stitch(given)
    clause.equal(second.object, first.object, "object")
    clause.equal(second.coverage, first.coverage, "coverage")


@pytest.mark.clause("STITCH-003")
def test_uncovered_pixels_are_nan_and_covered_ones_are_not(clause: Check) -> None:
    made = stitch(
        patches_at(np.array([[30.0, 40.0], [60.0, 40.0], [31.0, 42.0]])), min_coverage=0.05
    )
    seen = np.isfinite(made.object)
    assert 0 < seen.sum() < seen.size
    limit = 0.05 * np.percentile(made.coverage[made.coverage > 1e-3], 90)
    clause.equal(seen, made.coverage >= limit, "finite pixels")
    assert np.isnan(made.object[~seen].real).all()
    assert np.isnan(made.object[~seen].imag).all()


@pytest.mark.clause("STITCH-003")
def test_more_required_coverage_leaves_fewer_pixels() -> None:
    counts = [
        np.isfinite(stitch(patches_at(WHOLE), min_coverage=least).object).sum()
        for least in (0.01, 0.1, 0.5)
    ]
    assert counts[0] > counts[1] > counts[2] > 0


@pytest.mark.clause("STITCH-003")
def test_a_canvas_without_any_light_is_nan_everywhere() -> None:
    dark = finish(np.ones((4, 5), np.complex64), np.zeros((4, 5), np.float32), (0, 0), 0.05)
    assert np.isnan(dark.object).all()


@pytest.mark.clause("STITCH-005")
@pytest.mark.parametrize(
    ("spoil", "limit"),
    [  # prototype 3b, perfect patches 1.00: -0.03, -0.19, 0.75, 0.54; a small object leaves more by chance
        pytest.param(
            lambda p: patches_at(SCATTERED[:, ::-1], cut(OBJECT, SCATTERED, N)),
            0.6,
            id="x-and-y-swapped",
        ),
        pytest.param(
            lambda p: patches_at(2 * SCATTERED.mean(0) - SCATTERED, cut(OBJECT, SCATTERED, N)),
            0.6,
            id="sign-flipped",
        ),
        pytest.param(
            lambda p: patches_at(SCATTERED, np.swapaxes(p, 1, 2)), 0.9, id="patches-transposed"
        ),
        pytest.param(
            lambda p: patches_at(SCATTERED, p[:, ::-1, ::-1].conj()), 0.9, id="patches-twin"
        ),
    ],
)
def test_wrong_geometry_destroys_the_correlation(spoil: object, limit: float) -> None:
    made = stitch(spoil(cut(OBJECT, SCATTERED, N)), synchronise=False)  # type: ignore[operator]
    seen = np.isfinite(made.object) & (np.abs(truth_of(made)) > 0)
    assert correlation(np.where(seen, made.object, np.nan), truth_of(made)) < limit


@pytest.mark.clause("STITCH-006")
@pytest.mark.parametrize("groups", [1, 2, 3])
def test_few_groups_are_synchronised_too(groups: int) -> None:
    positions = np.array([[30.0, 40.0], [36.0, 44.0], [40.0, 38.0]])[:groups]
    given = cut(OBJECT, positions, N) * random_phases(groups)
    assert error(stitch(patches_at(positions, given))) < 1e-4  # whole pixels: complex64 sums


def islands() -> tuple[Array, Array]:
    """Positions of two clusters that share no pixel and one patch that touches nobody; the island of each."""
    draws = np.random.default_rng(9)
    first = draws.uniform((18, 18), (30, 28), (12, 2))
    second = draws.uniform((18, 72), (40, 82), (9, 2)) + np.array([200, 0])
    return np.concatenate([first, second, [[20.0, 300.0]]]), np.repeat([0, 1, 2], [12, 9, 1])


@pytest.mark.clause("STITCH-006")
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.2], ids=["clean", "noisy", "very-noisy"])
def test_islands_that_share_no_pixel_are_each_synchronised_by_themselves(noise: float) -> None:
    positions, island = islands()
    draws = np.random.default_rng(1)
    flat = np.ones((len(positions), N, N)) + noise * draws.standard_normal((len(positions), N, N))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = stitch(patches_at(positions, flat * random_phases(len(positions))))
    x0, y0 = made.origin
    for name in range(3):
        x, y = np.round(positions[island == name].mean(axis=0)).astype(int) - (x0, y0)
        middle = made.object[y - 3 : y + 4, x - 3 : x + 4]
        # Agreeing patches of modulus one average to one; a phase that is wrong in one of nine already costs 10 %.
        assert np.abs(middle).mean() == pytest.approx(1, abs=0.05)


@pytest.mark.clause("STITCH-008")
def test_each_area_that_shares_no_light_has_the_stated_phase(clause: Check) -> None:
    """Images of one scan side by side: otherwise one is real and positive and the other anything."""
    positions, island = islands()
    turned = np.exp(1j * np.array([0.4, 2.9, -2.0]))[island][:, None, None]
    made = stitch(patches_at(positions, np.ones((len(positions), N, N)) * turned))
    for name in range(3):
        x, y = np.round(positions[island == name].mean(axis=0)).astype(int) - made.origin
        clause.holds(
            made.object[y, x].real > 0.9, f"area {name}", made.object[y, x], "real and positive"
        )


def test_patches_that_share_nothing_at_all_do_not_crash() -> None:
    positions = np.array([[20.0, 20.0], [120.0, 20.0], [20.0, 150.0], [220.0, 250.0]])
    flat = np.ones((4, N, N)) * random_phases(4)
    made = stitch(patches_at(positions, flat))
    seen = np.isfinite(made.object)
    np.testing.assert_allclose(np.abs(made.object[seen]), 1, rtol=1e-4)  # complex64 sums
