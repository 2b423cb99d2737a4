"""Groups and splits over many small scans, with ties and duplicate positions (failures 20 to 23, 25, 30)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.errors import NeighborCountError, OversamplingError, TooFewPointsError
from ptyspec.pipeline.group import form_groups, group
from ptyspec.pipeline.normalize import normalize
from ptyspec.pipeline.protocol import TrainTest
from ptyspec.pipeline.split import split
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check
from tests.properties import given, st
from tests.small_scenes import scan_at, scattered, scenario

# Whole numbers from a small range: equal positions and equal distances are the rule.
PLACES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=9, max_size=40)
SEEDS = st.integers(0, 2**32 - 1)


def made(
    places: list[tuple[int, int]], members: int, neighbours: int, seed: int, **settings: Any
) -> Array:
    spec = GroupingSpec(**({"n_groups": len(places), "neighbor_count": neighbours} | settings))
    return form_groups(np.array(places, float), members, spec, generator(seed, "property"))


@pytest.mark.clause("GROUP-002", "GROUP-001", "GROUP-006")
@given(places=PLACES, seed=SEEDS, members=st.sampled_from([1, 4, 9]))
def test_every_frame_seeds_one_group_of_distinct_frames_whatever_lies_together(
    clause: Check, places: list[tuple[int, int]], seed: int, members: int
) -> None:
    groups = made(places, members, 9, seed)
    clause("GROUP-001").shape_dtype(groups, (len(places), members), np.int64, "groups")
    clause("GROUP-006").equal(
        sorted(groups[:, 0].tolist()), list(range(len(places))), "seed frames"
    )
    clause.equal(
        {len(set(row)) for row in groups.tolist()}, {members}, "distinct members of a group"
    )


@pytest.mark.clause("GROUP-003")
@given(places=PLACES, seed=SEEDS, neighbours=st.integers(4, 8))
def test_no_member_is_farther_than_the_seeds_kth_nearest_other(
    clause: Check, places: list[tuple[int, int]], seed: int, neighbours: int
) -> None:
    positions = np.array(places, float)
    for row in made(places, 4, neighbours, seed):
        away = np.hypot(*(positions - positions[row[0]]).T)
        limit = np.sort(np.delete(away, row[0]))[neighbours - 1]
        clause.holds(
            away[row[1:]].max() <= limit, "farthest member", away[row].max(), f"<= {limit}"
        )


@pytest.mark.clause("GROUP-003")
@pytest.mark.parametrize("neighbours", [4, 7])
def test_every_one_of_the_k_nearest_others_can_become_a_member(
    neighbours: int, clause: Check
) -> None:
    positions = scattered(20, 60, 40, 5)
    nearest = np.argsort(np.hypot(*(positions - positions[3]).T))[1 : neighbours + 1]
    spec = GroupingSpec(n_groups=20, neighbor_count=neighbours)
    seen: set[int] = set()
    for seed in range(30):
        rows = form_groups(positions, 4, spec, generator(seed, "reach"))
        seen |= set(rows[rows[:, 0] == 3][0, 1:].tolist())
    clause.equal(seen, set(nearest.tolist()), "members that joined frame 3 in 30 draws")


@pytest.mark.clause("GROUP-005", "GROUP-006", "OVERSAMPLING-001")
@given(seed=SEEDS, count=st.integers(12, 30), factor=st.sampled_from([1.2, 2.0, 3.5]))
def test_oversampled_groups_are_distinct_and_use_the_frames_evenly(
    clause: Check, seed: int, count: int, factor: float
) -> None:
    places = [
        (round(x * 10), round(y * 10)) for x, y in scattered(count, 60, 40, 5, seed=seed % 1000)
    ]
    wanted = int(factor * count)
    groups = made(places, 4, 7, seed, n_groups=wanted, enable_oversampling=True)
    clause("OVERSAMPLING-001").shape_dtype(groups, (wanted, 4), np.int64, "oversampled groups")
    clause.equal(
        len({tuple(sorted(row)) for row in groups.tolist()}), wanted, "distinct member sets"
    )
    uses = np.bincount(groups[:, 0], minlength=count)
    clause("GROUP-006").holds(
        np.ptp(uses) <= 1, "uses of a frame as seed", f"{uses.min()} to {uses.max()}"
    )


@pytest.mark.clause("GROUP-006")
def test_fewer_groups_than_frames_take_their_seeds_from_the_whole_scan(clause: Check) -> None:
    positions = scattered(400, 100, 80, 5)
    order = positions[np.argsort(positions[:, 1])]
    spec = GroupingSpec(n_groups=100, neighbor_count=6)
    uses = np.zeros(8)
    for seed in range(20):
        uses += np.bincount(
            form_groups(order, 4, spec, generator(seed, "area"))[:, 0] // 50, minlength=8
        )
    # 2000 seeds over eight stripes of 50 frames: 250 each, standard deviation 13; chi^2 of 7 degrees: 99.9 % below 24.3
    chi2 = float(((uses - 250) ** 2 / 250).sum())
    clause.holds(chi2 < 24.3, "seeds in eight stripes of the scan", uses.tolist(), "about 250 each")


# What grouping refuses


REFUSED: dict[str, tuple[int, dict[str, Any], type[Exception], str]] = {
    "too-few-frames": (6, {}, TooFewPointsError, "only 3 points"),
    "k-below-c": (40, {"neighbor_count": 3}, NeighborCountError, "K < C"),
    "no-switch": (40, {"n_groups": 21}, OversamplingError, "enable_oversampling=true"),
    "k-equals-c": (
        40,
        {"n_groups": 21, "neighbor_count": 4, "enable_oversampling": True},
        OversamplingError,
        "K > C",
    ),
}
CLAUSES = {"too-few-frames": "GROUP-004", "k-below-c": "GROUP-004"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.clause(CLAUSES.get(name, "OVERSAMPLING-001")))
        for name in REFUSED
    ],
)
def test_the_grouping_stage_refuses_what_gives_no_true_groups(name: str, clause: Check) -> None:
    count, settings, error, words = REFUSED[name]
    given_settings = scenario(model={"gridsize": 2}, grouping={"n_groups": 3} | settings)
    halves = split(given_settings, scan_at(scattered(count, 80, 60, 5)))
    with clause.raises_at("group", error, f"{count} frames with {settings}", mentions=words):
        group(given_settings, halves)


# Channels


@pytest.mark.clause("BUG-TF-001")
@pytest.mark.parametrize("gridsize", [1, 2, 3])
def test_grouped_arrays_have_gridsize_squared_channels(gridsize: int, clause: Check) -> None:
    settings = scenario(
        model={"gridsize": gridsize}, grouping={"n_groups": 12, "neighbor_count": 9}
    )
    scan = scan_at(scattered(60, 80, 60, 5), 32)
    part = normalize(settings, group(settings, split(settings, scan))).test
    rows = np.arange(part.size)
    clause.shape_dtype(part.groups.nn_indices, (12, gridsize**2), np.int64, "group indices")
    clause.shape_dtype(
        part.groups.diffraction, (12, 32, 32, gridsize**2), np.float32, "grouped diffraction"
    )
    clause.shape_dtype(
        part.groups.coords_relative, (12, 1, 2, gridsize**2), np.float64, "relative coordinates"
    )
    clause.shape_dtype(
        part.amplitude(rows), (12, 32, 32, gridsize**2), np.float32, "measured amplitude"
    )


@pytest.mark.clause("GROUP-001")
@given(places=PLACES, seed=SEEDS)
def test_a_channel_is_the_frame_and_the_position_of_its_index(
    clause: Check, places: list[tuple[int, int]], seed: int
) -> None:
    settings = scenario(
        model={"gridsize": 2},
        grouping={"n_groups": 9, "neighbor_count": 5},
        seeds={"grouping": seed},
    )
    scan = scan_at(np.array(places, float))
    part = group(settings, TrainTest(scan, scan)).train
    clause.equal(
        part.diffraction[:, 2, 1],
        (part.nn_indices + 1).astype(np.float32),
        "frames tell their number",
    )
    members = np.moveaxis(scan.positions[part.nn_indices], 1, 2)
    clause.holds(np.allclose(part.coords[:, 0], members, atol=1e-12), "positions of the members")


# Reproducible groups


@pytest.mark.clause("GROUP-008")
@pytest.mark.parametrize(
    "settings", [{}, {"n_groups": 60, "enable_oversampling": True}], ids=["plain", "oversampled"]
)
def test_groups_depend_on_their_seed_and_not_on_the_global_generator(
    settings: dict[str, Any], clause: Check
) -> None:
    places = [(round(x), round(y)) for x, y in scattered(30, 80, 60, 5)]
    before = np.random.get_state()
    np.random.seed(1)  # the global generator is what must not matter
    first = made(places, 4, 7, 5, **settings)
    np.random.seed(2)
    again = made(places, 4, 7, 5, **settings)
    np.random.set_state(before)
    clause.equal(again, first, "groups of seed 5")
    clause.holds((made(places, 4, 7, 6, **settings) != first).any(), "groups of seed 6 differ")


# Splits


@pytest.mark.clause("SPLIT-001", "SPLIT-002")
@given(
    places=PLACES,
    fraction=st.sampled_from([0.3, 0.5, 0.7]),
    kind=st.sampled_from(["spatial", "random"]),
    gridsize=st.sampled_from([1, 2]),
    seed=SEEDS,
)
def test_no_frame_is_on_both_sides_of_a_split_or_of_its_groups(
    clause: Check,
    places: list[tuple[int, int]],
    fraction: float,
    kind: str,
    gridsize: int,
    seed: int,
) -> None:
    settings = scenario(
        split={"kind": kind, "fraction": fraction},
        model={"gridsize": gridsize},
        grouping={"n_groups": 2, "neighbor_count": 4},
        seeds={"split": seed, "grouping": seed},
    )
    scan = scan_at(np.array(places * 2, float))
    halves = split(settings, scan)
    first, second = (set(part.diff3d[:, 0, 0].tolist()) for part in (halves.train, halves.test))
    clause.equal(first & second, set(), "frames in both parts")
    clause.equal(
        sorted(first | second), [float(n) for n in range(1, scan.size + 1)], "frames in either part"
    )
    clause.equal(len(first), round(fraction * scan.size), "frames that train")
    groups = group(settings, halves)
    clause("SPLIT-002").holds(
        set(groups.train.diffraction.flat) <= first, "training groups hold training frames"
    )
    clause("SPLIT-002").holds(
        set(groups.test.diffraction.flat) <= second, "test groups hold test frames"
    )


@pytest.mark.clause("SPLIT-003")
def test_what_is_held_out_lies_beyond_one_line_unless_a_random_split_is_asked_for(
    clause: Check,
) -> None:
    scan = scan_at(scattered(60, 80, 60, 5))
    halves = split(scenario(), scan)
    clause.holds(
        halves.train.ycoords.max() < halves.test.ycoords.min(),
        "largest y that trains, smallest that tests",
    )


@pytest.mark.clause("SPLIT-004")
def test_without_a_split_the_groups_of_both_parts_are_of_the_whole_scan(clause: Check) -> None:
    scan = scan_at(scattered(20, 80, 60, 5))
    settings = scenario(split={"kind": "none"}, grouping={"n_groups": 20})
    groups = group(settings, split(settings, scan))
    for part in (groups.train, groups.test):
        clause.equal(
            sorted(part.nn_indices[:, 0].tolist()), list(range(20)), f"seed frames of {part.split}"
        )


@pytest.mark.clause("SPLIT-005")
@pytest.mark.parametrize("fraction", [0.05, 0.95])
def test_the_split_stage_refuses_to_leave_a_part_empty(fraction: float, clause: Check) -> None:
    with clause.raises_at("split", TooFewPointsError, "five frames", mentions="split.kind=none"):
        split(scenario(split={"fraction": fraction}), scan_at(scattered(5, 80, 60, 5)))
