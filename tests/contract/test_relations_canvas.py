"""Relations of merging and stitching for arbitrary scans: cut and put together again, in any order and company."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, Patches, Reconstruction
from ptyspec.physics.geometry import required_canvas
from ptyspec.physics.merge import merge_group
from ptyspec.physics.scale import illumination_weight
from ptyspec.physics.stitch import stitch
from ptyspec.spec.checks import Check
from tests.properties import given, settings, st
from tests.small_scenes import cut, small_probe, textured_object

N, B, C = 16, 3, 4
SEEDS = st.integers(0, 2**16)
PROBE = small_probe(32)[8:24, 8:24]
WEIGHT = illumination_weight(PROBE)
OBJECT = textured_object(70, 48)  # rows, columns: neither square nor symmetric


def scan(seed: int, whole: bool, count: int = 60) -> Array:
    """(count, 2) positions [x, y], denser at one corner: no symmetry hides exchanged or mirrored axes."""
    draws = np.random.default_rng(seed)
    positions = np.array([10.0, 10.0]) + np.array([28.0, 50.0]) * draws.random((count, 2)) ** 1.3
    return np.round(positions) if whole else positions


def stitched(positions: Array, flat: Array, synchronise: bool = False) -> Reconstruction:
    given_patches = Patches(object=flat[..., None], coords=positions[:, None, :, None], probe=PROBE)
    return stitch(given_patches, synchronise=synchronise)


def on_canvas(made: Reconstruction) -> tuple[Array, Array]:
    """Covered pixels of a reconstruction, and the object's values there."""
    seen = np.isfinite(made.object)
    rows, columns = np.nonzero(seen)
    x0, y0 = made.origin
    truth = np.pad(OBJECT, N)[rows + y0 + N, columns + x0 + N]
    turn = np.vdot(made.object[seen], truth)
    return made.object[seen] * turn / abs(turn), truth


@pytest.mark.clause("STITCH-GRIDSIZE-001")
@settings(max_examples=12)
@given(seed=SEEDS, angle=st.floats(-3, 3))
def test_cutting_at_whole_pixels_and_stitching_gives_the_object(
    clause: Check, seed: int, angle: float
) -> None:
    positions = scan(seed, whole=True)
    made = stitched(positions, cut(OBJECT, positions, N) * np.exp(1j * angle))
    clause.close(*on_canvas(made), "stitched object where it is covered")
    assert np.isfinite(made.object).sum() > 600


@pytest.mark.clause("STITCH-005")
@settings(max_examples=12)
@given(seed=SEEDS)
def test_cutting_between_pixels_and_stitching_gives_the_object_to_interpolation(
    clause: Check, seed: int
) -> None:
    positions = scan(seed, whole=False)
    value, truth = on_canvas(stitched(positions, cut(OBJECT, positions, N)))
    clause.close(np.linalg.norm(value - truth) / np.linalg.norm(truth), 0, "relative rms error")


@pytest.mark.clause("STITCH-004")
@settings(max_examples=12)
@given(seed=SEEDS)
def test_patches_in_another_order_stitch_to_the_same_object(clause: Check, seed: int) -> None:
    positions = scan(seed, whole=True)
    flat = cut(OBJECT, positions, N)
    order = np.random.default_rng(seed).permutation(len(positions))
    here, there = stitched(positions, flat), stitched(positions[order], flat[order])
    clause.equal(there.origin, here.origin, "origin")
    seen = np.isfinite(here.object) & np.isfinite(
        there.object
    )  # a pixel on the limit may fall to either side
    assert seen.sum() > 600
    clause.close(there.object[seen], here.object[seen], "object of permuted patches")
    clause.close(there.coverage, here.coverage, "coverage by permuted patches")


@pytest.mark.clause("STITCH-002")
@settings(max_examples=12)
@given(seed=SEEDS, count=st.integers(1, 30))
def test_the_coverage_holds_the_weight_of_all_patches_of_any_scan(
    clause: Check, seed: int, count: int
) -> None:
    positions = scan(seed, whole=False, count=count)
    made = stitched(positions, np.ones((count, N, N), np.complex64))
    clause.close(
        made.coverage.sum(dtype=float), count * WEIGHT.sum(dtype=float), "sum of the coverage"
    )


def groups(seed: int) -> tuple[Array, Array]:
    """Relative offsets (B, 1, 2, C) and unrelated patches (B, N, N, C)."""
    draws = np.random.default_rng(seed)
    coords = draws.uniform(-5, 5, (B, 1, 2, C))
    patches = draws.standard_normal((B, N, N, C)) + 1j * draws.standard_normal((B, N, N, C))
    return coords - coords.mean(axis=-1, keepdims=True), patches


@pytest.mark.clause("MERGE-002")
@given(seed=SEEDS, level=st.floats(0.1, 10.0))
def test_members_that_are_one_constant_merge_to_it_for_any_offsets(
    clause: Check, seed: int, level: float
) -> None:
    relative = np.round(groups(seed)[0])
    canvas = required_canvas(relative, N)
    merged = merge_group(np.full((B, N, N, C), level), relative, WEIGHT, canvas, fill=level)
    clause.close(merged / level, np.ones(merged.shape), "merge of a constant over the constant")


@pytest.mark.clause("MERGE-004")
@given(seed=SEEDS, order=st.permutations(range(C)))
def test_members_in_another_order_merge_to_the_same_canvas(
    clause: Check, seed: int, order: list[int]
) -> None:
    relative, patches = groups(seed)
    canvas = required_canvas(relative, N)
    merged, other = (
        merge_group(patches[..., o], relative[..., o], WEIGHT, canvas) for o in (range(C), order)
    )
    clause.close(other, merged, "canvas of permuted members")


@pytest.mark.clause("MERGE-001")
@given(seed=SEEDS, order=st.permutations(range(B)))
def test_groups_in_other_company_and_order_merge_to_the_same_bits(
    clause: Check, seed: int, order: list[int]
) -> None:
    relative, patches = groups(seed)
    canvas = required_canvas(relative, N)
    merged = merge_group(patches, relative, WEIGHT, canvas)
    changed = np.where(np.arange(B)[:, None, None, None] == order[0], patches, 100 * patches)
    clause.equal(
        merge_group(patches[order], relative[order], WEIGHT, canvas),
        merged[order],
        "permuted groups",
    )
    clause.equal(
        merge_group(changed, relative, WEIGHT, canvas)[order[0]],
        merged[order[0]],
        "group among others",
    )
    alone = merge_group(patches[order[:1]], relative[order[:1]], WEIGHT, canvas)
    clause.equal(alone[0], merged[order[0]], "group alone")
