"""Nested lattices on images of their own: geometry, images, split, groups, label gauge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.contracts.scenario import ObjectSpec, Scenario
from ptyspec.errors import (
    ConfigError,
    GroupingError,
    HeadRangeError,
    LatticeError,
    TooFewPointsError,
)
from ptyspec.networks.registry import check_reach, required_reach
from ptyspec.physics.nested import displaced, nested_lattice
from ptyspec.physics.objects import make_images, make_object
from ptyspec.pipeline.group import group, lattice_groups
from ptyspec.pipeline.protocol import TrainTest
from ptyspec.pipeline.simulate import simulate
from ptyspec.pipeline.split import split
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check
from tests.properties import given, st
from tests.small_scenes import scan_at, scattered, scenario
from tests.tiny_runs import prepare

NESTED: dict[str, dict[str, Any]] = {
    "object": {"size": 64, "images_train": 2, "images_test": 1},
    "scan": {"kind": "nested", "n_images": 1000, "jitter": 0.0, "outer_offset_test": 12},
    "split": {"kind": "image"},
    "grouping": {"kind": "lattice", "n_groups": 1000},
    "model": {"gridsize": 2},
}
"""N = 32, groups of 36 pixels: 4 x 4 groups on each of two training images, 3 x 3 on the test image."""


def nested(**parts: Any) -> Scenario:
    merged = {name: NESTED.get(name, {}) | parts.get(name, {}) for name in {*NESTED, *parts}}
    return scenario(**merged)


def numbered(made: Scenario) -> RawScan:
    """The scan of this lattice whose frames tell their own number."""
    lattice = nested_lattice(made.scan, made.object, made.model)
    return scan_at(lattice.positions).model_copy(update={"scan_index": lattice.image})


# Geometry


@pytest.mark.clause("NESTED-001")
@pytest.mark.parametrize(
    ("gridsize", "offset", "outer"),
    [(1, 4, 8), (2, 4, 8), (2, 5, 7), (3, 3, 20)],
    ids=["gs1", "gs2", "odd", "gs3"],
)
def test_groups_lie_every_outer_and_frames_every_inner_offset(
    clause: Check, gridsize: int, offset: int, outer: int
) -> None:
    made = nested(
        model={"gridsize": gridsize}, scan={"offset": offset, "outer_offset_train": outer}
    )
    lattice = nested_lattice(made.scan, made.object, made.model)
    first = lattice.positions[lattice.image == 0].reshape(-1, gridsize**2, 2)
    side = (64 - 32 - (gridsize - 1) * offset) // outer + 1
    rows = [[c % gridsize * offset, c // gridsize * offset] for c in range(gridsize**2)]
    corners = [[column * outer, row * outer] for row in range(side) for column in range(side)]
    clause.equal(
        (first - first[:, :1]).tolist(), [rows] * side**2, "members from the first, [x, y]"
    )
    clause.equal((first[:, 0] - first[0, 0]).tolist(), corners, "groups from the first, [x, y]")


@pytest.mark.clause("NESTED-001")
def test_each_split_has_its_own_outer_offset(clause: Check) -> None:
    lattice = nested_lattice(nested().scan, nested().object, nested().model)
    steps = [
        np.unique(np.diff(np.unique(lattice.positions[lattice.image == k, 1]))).tolist()
        for k in range(3)
    ]
    clause.equal(steps, [[4], [4], [4, 8]], "distances of neighbouring rows on each image")


@pytest.mark.clause("NESTED-001")
@given(st.integers(1, 3), st.integers(1, 7), st.integers(1, 30), st.sampled_from([0.0, 2.5, 40.0]))
def test_every_frame_lies_whole_inside_its_image(
    clause: Check, gridsize: int, offset: int, outer: int, jitter: float
) -> None:
    steps = {"offset": offset, "outer_offset_train": outer, "n_images": 10**5}
    made = nested(model={"gridsize": gridsize}, scan=steps)
    lattice = nested_lattice(made.scan, made.object, made.model)
    x, y = (displaced(lattice, jitter, 3) - [16, 16]).T  # first column and row of a frame
    x = x - lattice.image * (64 + 32)
    clause.holds(
        bool((x.min() >= 0) & (y.min() >= 0) & (x.max() <= 32) & (y.max() <= 32)),
        "frames inside 64 px",
    )


@pytest.mark.clause("NESTED-001")
def test_the_recorded_lattice_has_the_recorded_density(clause: Check) -> None:
    made = request("dose_legacy_gs2", profile="full").scenario
    lattice = nested_lattice(made.scan, made.object, made.model)
    # 392 - 68 pixels: 41 groups every 8, 17 groups every 20, four frames each.
    clause.equal(
        np.bincount(lattice.image).tolist(), [6724, 6724, 1156, 1156], "frames on each image"
    )
    clause.equal(
        (len(lattice.image), made.grouping.n_groups),
        (made.scan.n_images, 3362),
        "frames and groups",
    )


def test_jitter_moves_frames_by_at_most_its_value_and_leaves_the_nominal_places() -> None:
    still, moved = (simulate(nested(scan={"jitter": jitter})) for jitter in (0.0, 1.5))
    np.testing.assert_array_equal(moved.xcoords_start, still.xcoords)
    way = moved.positions - still.positions
    assert 1 < np.abs(way).max() <= 1.5
    np.testing.assert_array_equal(still.positions, np.round(still.positions))


@pytest.mark.parametrize(
    ("wanted", "sides"),
    [(164, [4, 4, 3]), (163, [3, 3, 2]), (20, [1, 1, 1])],
    ids=["all", "fewer", "fewest"],
)
def test_fewer_frames_are_a_smaller_lattice_in_the_middle(wanted: int, sides: list[int]) -> None:
    made = nested(scan={"n_images": wanted})
    lattice = nested_lattice(made.scan, made.object, made.model)
    assert np.bincount(lattice.image).tolist() == [4 * side**2 for side in sides]
    y = lattice.positions[lattice.image == 0, 1]
    assert y.min() + y.max() == pytest.approx(64, abs=1)


@pytest.mark.clause("FLOW-005")
@pytest.mark.parametrize(
    ("parts", "mentions"),
    [
        pytest.param({"object": {"size": 35}}, "a group covers 36 px", id="no-room"),
        pytest.param({"scan": {"offset": 40}}, "lower scan.offset", id="far-members"),
        pytest.param({"scan": {"n_images": 10}}, "limit: >= 19", id="too-few-frames"),
    ],
)
def test_an_impossible_lattice_is_refused_by_simulate(
    clause: Check, parts: Any, mentions: str
) -> None:
    with clause.raises_at("simulate", ConfigError, "an impossible lattice", mentions=mentions):
        simulate(nested(**parts))


# Images


@pytest.mark.clause("NESTED-002")
@pytest.mark.parametrize(("train", "test"), [(1, 1), (2, 1), (2, 2)])
def test_images_are_objects_each_with_frames_of_its_own(
    clause: Check, train: int, test: int
) -> None:
    scan = simulate(
        nested(object={"images_train": train, "images_test": test}, dose={"noise": "none"})
    )
    truth = scan.objectGuess
    assert truth is not None
    images = [truth[:, k * 96 : k * 96 + 64] for k in range(train + test)]
    clause.equal(
        np.unique(scan.scan_index).tolist(), list(range(train + test)), "images that frames name"
    )
    clause.holds(min(np.bincount(scan.scan_index)) >= 36, "frames on each image")
    distances = [np.abs(a - b).mean() for i, a in enumerate(images) for b in images[:i]]
    clause.holds(min(distances) > 0.1, "mean distance of two images", min(distances), "> 0.1")
    dark = [np.abs(truth[:, k * 96 + 64 : (k + 1) * 96]).max() for k in range(train + test - 1)]
    clause.equal(dark, [0] * len(dark), "light between the images")


@pytest.mark.clause("NESTED-002", "SIMULATE-001")
@pytest.mark.parametrize("kind", ["lines", "grf"])
def test_the_first_images_are_those_of_seeds_one_and_two(clause: Check, kind: Any) -> None:
    images = make_images(ObjectSpec(kind=kind, size=48, images_train=2, images_test=2), 1)
    for row, seed in ((0, 1), (2, 2)):
        wanted = make_object(ObjectSpec(kind=kind, size=48), seed)
        clause("SIMULATE-001").equal(images[row], wanted, f"image {row}")
    clause("NESTED-002").equal(len({image.tobytes() for image in images}), 4, "different images")


def test_no_phase_texture_is_another_images_amplitude() -> None:
    images = make_images(ObjectSpec(size=64, phase="texture", images_train=2, images_test=2), 1)
    r = np.corrcoef([*np.abs(images).reshape(4, -1), *np.angle(images).reshape(4, -1)])
    assert np.abs(r[:4, 4:]).max() < 0.9  # seed + 1 for both would give 1


# Split


@pytest.mark.clause("SPLIT-006")
@pytest.mark.parametrize("train", [1, 2])
def test_the_first_images_train_and_the_others_test(clause: Check, train: int) -> None:
    scan = numbered(nested())
    halves = split(nested(object={"images_train": train}), scan)
    clause.equal(
        halves.train.positions, scan.positions[scan.scan_index < train], "positions that train"
    )
    clause.equal(
        halves.test.positions, scan.positions[scan.scan_index >= train], "positions that test"
    )


@pytest.mark.clause("SPLIT-006", "SPLIT-005")
@pytest.mark.parametrize("train", [1, 3])
def test_a_scan_of_too_few_images_is_refused(clause: Check, train: int) -> None:
    scan = scan_at(scattered(9, 40, 40, 4))
    made = scenario(split={"kind": "image"}, object={"images_train": train})
    with clause("SPLIT-005").raises_at(
        "split", TooFewPointsError, "one image", mentions=f"1 images in scan_index, {train}"
    ):
        split(made, scan)
    halves = split(
        made, scan.model_copy(update={"scan_index": np.repeat([3, 5, 8, 9], [2, 3, 3, 1])})
    )
    clause("SPLIT-006").equal(
        halves.train.size, {1: 2, 3: 8}[train], "frames of the first images, whatever their names"
    )


def test_a_nested_scan_is_split_by_image_or_not_at_all() -> None:
    with pytest.raises(ConfigError, match=r"split\.kind is 'spatial', set it to image"):
        request("gs2_ideal", settings=["scan.kind=nested"])


# Groups


@pytest.mark.clause("GROUP-011", "GROUP-001")
@pytest.mark.parametrize("gridsize", [1, 2, 3])
def test_channels_are_rows_and_columns_of_the_group(clause: Check, gridsize: int) -> None:
    made = nested(model={"gridsize": gridsize})
    groups = group(made, split(made, numbered(made))).train
    at = np.moveaxis(groups.coords[:, 0], 1, 2)
    way = (at - at[:, :1]).astype(int)
    wanted = [[4 * (c % gridsize), 4 * (c // gridsize)] for c in range(gridsize**2)]
    clause("GROUP-011").equal(
        way.tolist(), [wanted] * groups.size, "channels from the first, [x, y]"
    )
    clause("GROUP-001").equal(groups.nn_indices.dtype, np.dtype(np.int64), "dtype of the indices")


@pytest.mark.clause("GROUP-011", "GROUP-010", "SPLIT-002")
@pytest.mark.parametrize(
    ("wanted", "train", "test"), [(1000, 32, 9), (20, 20, 9), (5, 5, 5)], ids=["all", "20", "5"]
)
def test_every_group_is_one_of_the_lattice_and_none_comes_twice(
    clause: Check, wanted: int, train: int, test: int
) -> None:
    made = nested(grouping={"n_groups": wanted})
    halves = split(made, numbered(made))
    groups = group(made, halves)
    clause("GROUP-010").equal(
        (groups.train.size, groups.test.size), (train, test), "groups of both parts"
    )
    for part in (groups.train, groups.test):
        whole = {tuple(row) for row in lattice_groups(part.scan, 2, 4).tolist()}
        found = [tuple(row) for row in part.nn_indices.tolist()]
        clause("GROUP-011").holds(
            len(set(found)) == len(found) and set(found) <= whole, "groups of the lattice, once"
        )
    shared = set(groups.train.frames(np.arange(train)).ravel()) & set(
        groups.test.frames(np.arange(test)).ravel()
    )
    clause("SPLIT-002").equal(shared, set(), "frames in groups of both parts")


def test_which_groups_are_taken_follows_from_the_seed() -> None:
    made, other = (nested(grouping={"n_groups": 6}, seeds={"grouping": seed}) for seed in (1, 2))
    first, again, moved = (
        group(s, split(s, numbered(s))).train.nn_indices.tolist() for s in (made, made, other)
    )
    assert first == again != moved


def reordered(scan: RawScan) -> RawScan:
    order = np.arange(scan.size)
    order[[1, 2]] = [2, 1]  # rows and columns of one group exchanged
    return scan.take(order)


@pytest.mark.clause("GROUP-011")
@pytest.mark.parametrize(
    ("spoil", "settings", "mentions"),
    [
        pytest.param(reordered, {}, "number 0 at", id="transposed-group"),
        pytest.param(
            lambda s: s.take(np.arange(1, s.size - 3)), {}, "groups do not", id="shifted-by-a-frame"
        ),
        pytest.param(
            lambda s: s.take(np.arange(s.size - 1)), {}, "163 frames", id="a-frame-missing"
        ),
        pytest.param(lambda s: s, {"scan": {"offset": 5}}, "every 5 px", id="stale-offset"),
        pytest.param(lambda s: s, {"model": {"gridsize": 3}}, "multiple of 9", id="stale-gridsize"),
        pytest.param(lambda s: scan_at(scattered(16, 64, 64, 9)), {}, "number 0", id="random-scan"),
        pytest.param(
            lambda s: s.model_copy(update={"scan_index": np.arange(s.size) // 2}),
            {},
            "one image",
            id="two-images",
        ),
    ],
)
def test_a_scan_that_was_not_laid_down_so_is_refused(
    clause: Check, spoil: Any, settings: Any, mentions: str
) -> None:
    scan, made = spoil(numbered(nested())), nested(**settings)
    with clause.raises_at("group", LatticeError, "no lattice", mentions=mentions):
        group(made, TrainTest(scan, scan))


@pytest.mark.clause("GROUP-004")
def test_fewer_frames_than_members_are_refused_with_the_recorded_words(clause: Check) -> None:
    scan = numbered(nested()).take(np.arange(2))
    recorded = "the dataset has only 2 points but 4 coordinates per group"
    with clause.raises_at("group", TooFewPointsError, "two frames of a lattice", mentions=recorded):
        group(nested(), TrainTest(scan, scan))
    assert issubclass(LatticeError, GroupingError)


def test_a_lattice_is_never_oversampled() -> None:
    with pytest.raises(ConfigError, match="has its groups and no others"):
        request("dose_legacy_gs2", settings=["grouping.enable_oversampling=true"])


# Gauge


def in_gauge(gauge: str, **parts: Any) -> RawScan:
    return simulate(nested(object={"gauge": gauge}, dose={"noise": "none"}, **parts))


@pytest.mark.clause("OBJECT-003")
def test_the_label_gauge_divides_object_and_amplitudes_and_keeps_the_counts(clause: Check) -> None:
    drawn, label = in_gauge("drawn"), in_gauge("label")
    images = [
        np.abs(make_images(ObjectSpec(size=64, images_train=2), 42)[k]).max() for k in range(2)
    ]
    factor = float(np.mean(images))
    clause.close(label.metadata["norm_Y_I"], factor, "norm_Y_I")
    clause.close(truth_of(label) * factor, truth_of(drawn), "object times the factor")
    clause.close(
        label.diff3d * np.float32(factor), drawn.diff3d, "stored amplitudes times the factor"
    )
    clause.close((label.scale * label.diff3d) ** 2, (drawn.scale * drawn.diff3d) ** 2, "counts")
    clause.holds("norm_Y_I" not in drawn.metadata, "no factor where none was applied")
    largest = [np.abs(truth_of(label)[:, k * 96 : k * 96 + 64]).max() for k in range(2)]
    clause.close(np.mean(largest), 1, "mean of the training images' largest amplitudes")


@pytest.mark.clause("OBJECT-003")
def test_a_scan_of_one_object_takes_the_gauge_too(clause: Check) -> None:
    made = simulate(scenario(object={"gauge": "label"}))
    clause.close(np.abs(truth_of(made)).max(), 1, "largest amplitude")


@pytest.mark.clause("OBJECT-003")
def test_the_label_gauge_hides_no_heads_ceiling(clause: Check) -> None:
    reaches, sigmoid = [], {"architecture": "cnn", "amp_activation": "sigmoid"}
    for gauge in ("drawn", "label"):
        made = nested(object={"gauge": gauge}, dose={"noise": "none"}, model=sigmoid)
        part = prepare(made).train
        reaches.append(required_reach(part))
        with pytest.raises(HeadRangeError, match="sigmoid cannot reach"):
            check_reach(made, part)
    clause.close(reaches[1], reaches[0], "required reach in units of a0")


def truth_of(scan: RawScan) -> Array:
    assert scan.objectGuess is not None
    return scan.objectGuess
