"""Overlapping groups by nearest neighbours (upstream facts 1.3, 1.6; failures 20-23, 25; clause OVERSAMPLING-001)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.errors import GroupingError, NeighborCountError, OversamplingError, TooFewPointsError
from ptyspec.pipeline.group import form_groups, group, with_offsets
from ptyspec.pipeline.protocol import TrainTest
from ptyspec.pipeline.split import split
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check
from tests.small_scenes import scan_at, scattered, scenario

M = 40
POSITIONS = scattered(M, 80, 60, 5)


def formed(positions: Array = POSITIONS, members: int = 4, seed: int = 1, **settings: Any) -> Array:
    spec = GroupingSpec(**({"n_groups": 25, "neighbor_count": 6} | settings))
    return form_groups(positions, members, spec, generator(seed, "test"))


def distances(positions: Array) -> Array:
    """All pairs, the slow way."""
    return np.asarray(np.hypot(*(positions[:, None] - positions[None]).T))


@pytest.mark.clause("GROUP-001")
@pytest.mark.parametrize("members", [1, 4, 9])
def test_groups_are_int64_rows_of_as_many_members_as_were_asked_for(members: int) -> None:
    made = formed(members=members, neighbor_count=10)
    assert made.shape == (25, members)
    assert made.dtype == np.int64
    assert made.min() >= 0
    assert made.max() < M


@pytest.mark.clause("GROUP-002")
@pytest.mark.parametrize("members", [1, 4, 9])
def test_every_group_has_its_own_seed_frame_as_member_zero(members: int) -> None:
    seeds = formed(members=members, neighbor_count=10)[:, 0]
    assert len(set(seeds)) == 25
    assert sorted(seeds) != list(range(25))  # drawn from the whole scan, not its first frames


@pytest.mark.clause("GROUP-003")
@pytest.mark.parametrize(("members", "neighbours"), [(4, 4), (4, 6), (9, 9), (9, 12)])
def test_members_are_distinct_and_among_the_nearest_others_of_the_seed(
    members: int, neighbours: int
) -> None:
    away = distances(POSITIONS)
    for row in formed(members=members, neighbor_count=neighbours):
        assert len(set(row)) == members
        nearest_first = np.argsort(away[row[0]])
        assert nearest_first[0] == row[0]
        assert set(row[1:]) <= set(nearest_first[1 : neighbours + 1])


@pytest.mark.clause("GROUP-007")
def test_the_choice_among_the_neighbours_is_drawn_evenly(clause: Check) -> None:
    ranks = np.zeros(6)
    order = np.argsort(distances(POSITIONS), axis=1)
    for seed in range(40):
        for row in formed(seed=seed, n_groups=M):
            for member in row[1:]:
                ranks[np.flatnonzero(order[row[0]] == member)[0] - 1] += 1
    clause.close(ranks, np.full(6, 800.0), "choices of the nearest to the sixth nearest of 4800")


@pytest.mark.clause("GROUP-008")
def test_equal_draws_give_equal_groups_and_others_give_others() -> None:
    assert (formed(seed=1) == formed(seed=1)).all()
    assert (formed(seed=1) != formed(seed=2)).any()


@pytest.mark.clause("GROUP-008")
def test_grouping_leaves_the_global_generator_alone() -> None:
    before = np.random.get_state()[1].tobytes()  # type: ignore[index, union-attr]
    formed(n_groups=80, enable_oversampling=True)
    assert np.random.get_state()[1].tobytes() == before  # type: ignore[index, union-attr]


@pytest.mark.clause("GROUP-002", "GROUP-003")
@pytest.mark.parametrize(
    "positions",
    [
        pytest.param(np.tile([[3.0, 4.0]], (12, 1)), id="all-at-one-place"),
        pytest.param(np.repeat(scattered(6, 40, 40, 2), 4, axis=0), id="four-at-each-place"),
        pytest.param(
            np.concatenate([np.zeros((30, 2)), scattered(6, 40, 40, 2)]), id="one-crowded-place"
        ),
        pytest.param(
            np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0)), -1).reshape(-1, 2),
            id="lattice-ties",
        ),
        pytest.param(np.stack([np.arange(20.0), np.zeros(20)], 1), id="line"),
    ],
)
def test_ties_and_duplicate_positions_neither_lose_the_seed_nor_repeat_a_frame(
    clause: Check, positions: Array
) -> None:
    made = formed(positions, n_groups=len(positions), neighbor_count=5)
    away = distances(positions)
    seeds = sorted(made[:, 0].tolist())
    clause("GROUP-002").equal(seeds, list(range(len(positions))), "seed frames")
    for row in made:
        clause("GROUP-003").equal(len(set(row)), 4, "distinct members")
        fifth = np.sort(np.delete(away[row[0]], row[0]))[4]
        farthest = away[row[0], row[1:]].max()
        # As near as the K nearest others; which of equals is free.
        clause("GROUP-003").holds(farthest <= fifth + 1e-9, "farthest member", farthest, fifth)


@pytest.mark.clause("GROUP-010")
@pytest.mark.parametrize("wanted", [1, 7, M - 1, M, M + 1, 2 * M])
def test_grouping_forms_the_number_of_groups_that_was_asked_for(wanted: int, clause: Check) -> None:
    clause.equal(len(formed(n_groups=wanted, enable_oversampling=True)), wanted, "groups of four")
    clause.equal(len(formed(members=1, n_groups=wanted)), min(wanted, M), "single frames")


def test_a_single_frame_never_gets_more_groups_than_frames() -> None:
    made = formed(members=1, n_groups=1000)
    assert sorted(made[:, 0]) == list(range(M))


@pytest.mark.parametrize("count", [4, 5, 7])
def test_fewer_others_than_k_is_enough_as_long_as_a_group_fits(count: int) -> None:
    made = formed(POSITIONS[:count], n_groups=count, neighbor_count=50)
    assert made.shape == (count, 4)
    assert all(len(set(row)) == 4 for row in made)


# What is refused


@pytest.mark.clause("GROUP-004")
def test_fewer_points_than_a_group_needs_are_refused_in_the_recorded_words() -> None:
    with pytest.raises(
        TooFewPointsError, match="has only 3 points but 4 coordinates per group"
    ) as caught:
        formed(POSITIONS[:3])
    assert caught.value.details["value"] == 3
    assert caught.value.details["limit"] == ">= 4"


@pytest.mark.clause("GROUP-004")
@pytest.mark.parametrize("neighbours", [1, 3])
def test_fewer_neighbours_than_members_are_refused(neighbours: int) -> None:
    with pytest.raises(NeighborCountError, match="K < C") as caught:
        formed(neighbor_count=neighbours)
    assert caught.value.details["value"] == neighbours
    assert caught.value.details["source"] == "grouping.neighbor_count"


@pytest.mark.clause("OVERSAMPLING-001")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param(
            {"n_groups": M + 1}, "grouping.enable_oversampling=true", id="without-the-switch"
        ),
        pytest.param(
            {"n_groups": M + 1, "neighbor_count": 4, "enable_oversampling": True},
            "K > C",
            id="with-k-equal-c",
        ),
        pytest.param(
            {"n_groups": 801, "enable_oversampling": True},
            "at most 800 distinct",
            id="more-than-there-are",
        ),
    ],
)
def test_oversampling_without_what_it_needs_is_refused(
    settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(OversamplingError) as caught:  # 800 = 40 frames x (3 of 6 neighbours)
        formed(**settings)
    assert words in str(caught.value)
    assert caught.value.details["source"] == "grouping.n_groups"


@pytest.mark.clause("OVERSAMPLING-001")
def test_more_groups_than_distinct_sets_are_refused_even_where_the_count_of_choices_allows_them() -> (
    None
):
    """Six frames have 15 sets of four, though 6 x (3 of 5) = 60 choices: the bound alone does not tell."""
    with pytest.raises(OversamplingError, match="distinct groups") as caught:
        formed(POSITIONS[:6], n_groups=20, enable_oversampling=True)
    assert caught.value.details["limit"] == 15


def test_every_refusal_is_a_grouping_error() -> None:
    assert issubclass(TooFewPointsError, GroupingError)
    assert issubclass(NeighborCountError, GroupingError)
    assert issubclass(OversamplingError, GroupingError)


# Oversampling


@pytest.mark.clause("GROUP-005")
@pytest.mark.parametrize("wanted", [M + 1, 2 * M, 4 * M + 7])
def test_oversampling_gives_groups_of_distinct_members_no_set_twice(wanted: int) -> None:
    made = formed(n_groups=wanted, enable_oversampling=True)
    assert made.shape == (wanted, 4)
    assert len({tuple(sorted(row)) for row in made}) == wanted
    nearest = np.argsort(distances(POSITIONS), axis=1)[:, :7]
    for row in made:
        assert len(set(row)) == 4
        assert set(row) <= set(nearest[row[0]])


@pytest.mark.clause("GROUP-006")
@pytest.mark.parametrize("wanted", [M + 1, 2 * M, 4 * M + 7])
def test_oversampling_uses_every_frame_as_seed_equally_often(wanted: int) -> None:
    uses = np.bincount(formed(n_groups=wanted, enable_oversampling=True)[:, 0], minlength=M)
    assert (
        uses.max() - uses.min() <= 1
    )  # upstream's pool was biased to the first seeds (failure 23)


# Coordinates


@pytest.mark.clause("COORDS-003")
def test_the_offset_is_the_mean_and_relative_is_minus_the_way_from_it() -> None:
    made = with_offsets(scan_at(POSITIONS), formed())
    members = POSITIONS[made.nn_indices]  # (B, C, 2)
    np.testing.assert_allclose(made.coords_offsets[:, 0, :, 0], members.mean(axis=1), rtol=1e-12)
    for b in range(25):
        for c in range(4):
            expected = -(members[b, c] - members[b].mean(axis=0))
            np.testing.assert_allclose(made.coords_relative[b, 0, :, c], expected, atol=1e-12)
    np.testing.assert_allclose(
        made.coords[:, 0], np.moveaxis(members, 1, 2), atol=1e-12
    )  # offset - relative


def test_coordinates_have_their_contract_shapes_and_are_float64() -> None:
    made = with_offsets(scan_at(POSITIONS), formed())
    assert (made.size, made.C) == (25, 4)
    assert made.coords_offsets.shape == (25, 1, 2, 1)
    assert made.coords_relative.shape == (25, 1, 2, 4)
    assert made.coords_offsets.dtype == made.coords_relative.dtype == np.float64


@pytest.mark.clause("GROUP-001")
def test_frames_of_a_group_are_its_members_in_order() -> None:
    made = with_offsets(scan_at(POSITIONS), formed())
    assert made.diffraction.shape == (25, 4, 4, 4)
    assert made.diffraction.dtype == np.float32
    np.testing.assert_array_equal(
        made.diffraction[:, 0, 0], made.nn_indices + 1
    )  # frame j holds j + 1
    rows = np.array([7, 2])
    np.testing.assert_array_equal(made.frames(rows), made.diffraction[rows])


def test_a_single_member_lies_at_its_own_offset() -> None:
    made = with_offsets(scan_at(POSITIONS), formed(members=1))
    assert not made.coords_relative.any()
    np.testing.assert_array_equal(made.coords[:, 0, :, 0], POSITIONS[made.nn_indices[:, 0]])


# The stage


@pytest.mark.clause("SPLIT-002")
def test_no_frame_of_one_split_is_in_a_group_of_the_other() -> None:
    settings = scenario(model={"gridsize": 2}, grouping={"n_groups": 20, "neighbor_count": 6})
    halves = split(settings, scan_at(scattered(60, 80, 60, 5), 32))
    made = group(settings, halves)
    train, test = (set(np.unique(part.diffraction[:, 0, 0])) for part in (made.train, made.test))
    assert train
    assert test
    assert not train & test  # frames hold their own number
    assert (made.train.split, made.test.split) == ("train", "test")
    assert (made.train.C, made.test.C) == (4, 4)


@pytest.mark.clause("GROUP-008")
def test_the_grouping_seed_alone_decides_the_groups() -> None:
    scan = scan_at(POSITIONS, 32)
    halves = TrainTest(scan, scan)
    first, again, other = (group(scenario(seeds={"grouping": seed}), halves) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train.nn_indices, again.train.nn_indices)
    assert (first.train.nn_indices != other.train.nn_indices).any()
    assert (first.train.nn_indices != first.test.nn_indices).any()  # each split draws for itself
