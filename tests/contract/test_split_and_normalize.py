"""Which frames train, and the numbers that condition them (NORMALIZATION-001; failures 24, 25, 28, 31, 45)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import RawScan, array_digest
from ptyspec.contracts.records import History
from ptyspec.errors import HeadRangeError, ProbeError, TooFewPointsError
from ptyspec.networks.registry import check_reach, required_reach
from ptyspec.physics.scale import loader_gain, mean_energy, rms_amplitude
from ptyspec.pipeline.group import group
from ptyspec.pipeline.infer import infer
from ptyspec.pipeline.normalize import batch, coarse_patches, full_batches, normalize
from ptyspec.pipeline.protocol import Containers, Trained, TrainTest
from ptyspec.pipeline.simulate import simulate
from ptyspec.pipeline.split import split
from ptyspec.spec.checks import Check
from tests.small_scenes import scan_at, scattered, scenario

POSITIONS = scattered(41, 80, 60, 5)
SINGLE = 1e-6
"""Relative: float32."""


def numbers(scan: RawScan) -> set[float]:
    """The numbers of a scan_at scan's frames: each holds its own."""
    return set(scan.diff3d[:, 0, 0].tolist())


@pytest.mark.clause("SPLIT-001")
@pytest.mark.parametrize("kind", ["spatial", "random"])
@pytest.mark.parametrize(
    ("fraction", "count"), [(0.5, 20), (0.25, 10), (0.9, 37)], ids=["half", "quarter", "most"]
)
def test_the_parts_are_disjoint_complete_and_of_the_declared_size(
    kind: str, fraction: float, count: int
) -> None:
    halves = split(scenario(split={"kind": kind, "fraction": fraction}), scan_at(POSITIONS))
    train, test = numbers(halves.train), numbers(halves.test)
    assert not train & test
    assert train | test == set(range(1, 42))
    assert len(train) == count  # of 41, to the nearest


@pytest.mark.clause("SPLIT-003")
def test_a_spatial_split_trains_below_and_tests_above_one_y() -> None:
    halves = split(scenario(), scan_at(POSITIONS))
    assert halves.train.ycoords.max() < halves.test.ycoords.min()
    assert np.ptp(halves.train.xcoords) > 0.8 * np.ptp(
        POSITIONS[:, 0]
    )  # the cut is across y, not x


def test_a_spatial_split_of_rows_at_equal_y_still_gives_every_frame_once() -> None:
    positions = np.stack([np.arange(10.0), np.repeat([1.0, 2.0, 2.0, 2.0, 3.0], 2)], axis=1)
    halves = split(scenario(), scan_at(positions))
    assert numbers(halves.train) == {1, 2, 3, 4, 5}


@pytest.mark.clause("SPLIT-001")
@pytest.mark.parametrize("kind", ["spatial", "random"])
def test_frames_keep_the_order_of_the_scan(kind: str) -> None:
    halves = split(scenario(split={"kind": kind}), scan_at(POSITIONS))
    for part in (halves.train, halves.test):
        assert (np.diff(part.diff3d[:, 0, 0]) > 0).all()
        rows = part.diff3d[:, 0, 0].astype(int) - 1
        np.testing.assert_array_equal(
            part.positions, POSITIONS[rows]
        )  # each frame at its own place


def test_a_random_split_follows_its_seed_and_mixes_the_area() -> None:
    first, again, other = (
        numbers(
            split(
                scenario(split={"kind": "random"}, seeds={"split": seed}), scan_at(POSITIONS)
            ).train
        )
        for seed in (1, 1, 2)
    )
    assert first == again != other
    halves = split(scenario(split={"kind": "random"}), scan_at(POSITIONS))
    assert halves.train.ycoords.max() > halves.test.ycoords.min()


@pytest.mark.clause("SPLIT-004")
def test_without_a_split_both_parts_are_the_whole_scan() -> None:
    scan = scan_at(POSITIONS)
    halves = split(scenario(split={"kind": "none"}), scan)
    assert halves.train is scan
    assert halves.test is scan


@pytest.mark.clause("SPLIT-005")
@pytest.mark.parametrize(
    ("count", "fraction"), [(1, 0.5), (3, 0.1), (3, 0.9)], ids=["one-frame", "no-train", "no-test"]
)
def test_a_split_that_leaves_a_part_empty_is_refused(count: int, fraction: float) -> None:
    with pytest.raises(TooFewPointsError, match="would be empty") as caught:
        split(scenario(split={"fraction": fraction}), scan_at(POSITIONS[:count]))
    assert "split.kind=none" in str(caught.value)


# Normalisation


def containers(test_brightness: float = 1.0, **parts: Any) -> Containers:
    settings = scenario(**parts)
    halves = split(settings, simulate(settings))
    brighter = halves.test.model_copy(
        update={"diff3d": halves.test.diff3d * np.float32(test_brightness)}
    )
    return normalize(settings, group(settings, TrainTest(halves.train, brighter)))


@pytest.mark.clause("NORM-002", "PROBE-003", "NORM-001")
@pytest.mark.parametrize("gridsize", [1, 2])
def test_both_containers_carry_the_numbers_of_the_training_split(
    clause: Check, gridsize: int
) -> None:
    made = containers(model={"gridsize": gridsize})
    train = made.train.groups.scan
    energy = mean_energy(train.diff3d)
    for part in (made.train, made.test):
        clause("NORM-001").equal(made.train.gain, loader_gain(energy, 32), "training gain")
        numbers = (part.gain, part.a0, part.scale)
        wanted = (loader_gain(energy, 32), rms_amplitude(energy, train.probeGuess), train.scale)
        clause("NORM-002").equal(numbers, wanted, "gain, a0 and scale")
        digest = array_digest(train.probeGuess)
        clause("PROBE-003").equal(part.probe_digest, digest, "digest of the probe")
        clause("PROBE-003").equal(part.probe.tobytes(), train.probeGuess.tobytes(), "probe")
    own = mean_energy(made.test.groups.scan.diff3d)
    # The test split would have had another gain.
    clause("NORM-002").holds(abs(loader_gain(own, 32) / made.test.gain - 1) > 1e-3, "not its own")


@pytest.mark.clause("NORM-005")
@pytest.mark.parametrize("name", ["gain", "scale", "a0"])
def test_the_gain_is_of_frames_and_not_of_groups_so_that_gridsize_does_not_enter(
    name: str, clause: Check
) -> None:
    one, two = (containers(model={"gridsize": grid}).train for grid in (1, 2))
    clause.equal(getattr(two, name), getattr(one, name), f"{name} of groups of four")


@pytest.mark.clause("NORM-002")
@pytest.mark.parametrize("brightness", [2.0, 0.1])
def test_a_brighter_test_split_keeps_the_training_gain(brightness: float) -> None:
    plain, bright = containers(), containers(brightness)
    assert bright.test.gain == plain.test.gain == plain.train.gain
    assert (bright.test.scale, bright.test.a0) == (plain.test.scale, plain.test.a0)
    rows = np.arange(4)
    (given, _), (seen, _) = (batch(made.test, rows) for made in (plain, bright))
    np.testing.assert_allclose(
        seen["measured"], brightness * given["measured"], rtol=SINGLE
    )  # and shows as brighter


def test_containers_know_their_split_and_seed() -> None:
    made = containers(seeds={"grouping": 7})
    assert (made.train.split, made.test.split) == ("train", "test")
    assert made.train.seed == made.test.seed == 7


@pytest.mark.clause("NORMALIZATION-001")
@pytest.mark.parametrize("gridsize", [1, 2])
def test_the_network_sees_g_x_and_the_loss_sees_x(gridsize: int, clause: Check) -> None:
    part = containers(model={"gridsize": gridsize}).train
    rows = np.array([3, 0, 5])
    inputs, target = batch(part, rows)
    raw = np.moveaxis(part.groups.scan.diff3d[part.groups.nn_indices[rows]], 1, -1)
    assert set(inputs) == {"measured", "relative", "start"}
    clause.equal(target, raw, "amplitude of the loss")  # never g X
    np.testing.assert_allclose(inputs["measured"], part.gain * raw, rtol=SINGLE)
    np.testing.assert_allclose(
        inputs["relative"], part.groups.coords_relative[rows], rtol=SINGLE, atol=1e-6
    )
    assert {array.dtype for array in (target, *inputs.values())} == {np.dtype(np.float32)}
    assert abs(part.gain - 1) > 0.1  # the data would not tell otherwise


@pytest.mark.parametrize("gridsize", [1, 2])
def test_the_start_is_the_trivial_estimate_at_each_members_place_in_units_of_a0(
    gridsize: int,
) -> None:
    part = containers(model={"gridsize": gridsize}).train
    rows = np.array([2, 7])
    start = coarse_patches(part, rows)
    assert start.shape == (2, 32, 32, gridsize**2)
    assert start.dtype == np.float32
    canvas = np.where(np.isfinite(part.coarse.object), part.coarse.object.real, part.a0) / part.a0
    for i, row in enumerate(rows):
        for c in range(gridsize**2):
            x, y = part.groups.scan.positions[part.groups.nn_indices[row, c]] - part.coarse.origin
            column, line = round(x), round(y)
            # The estimate varies over tens of pixels: half a pixel of rounding is some percent of it.
            assert start[i, 16, 16, c] == pytest.approx(canvas[line, column], rel=0.05)
    assert np.abs(start).max() < 3  # a0 is the rms: nothing of a lines object lies far from it


@pytest.mark.clause("NORM-006")
@pytest.mark.parametrize("nphotons", [1e3, 1e6, 1e9])
def test_the_training_input_has_the_mean_energy_that_networks_expect(
    nphotons: float, clause: Check
) -> None:
    part = containers(
        dose={"nphotons": nphotons}, model={"gridsize": 1}, grouping={"n_groups": 60}
    ).train
    seen = batch(part, np.arange(part.size))[0]["measured"]
    assert part.size == part.groups.scan.size  # every frame once
    clause.close(
        (seen.astype(np.float64) ** 2).sum() / part.size,
        16**2,
        "mean energy of the network's input",
    )


@pytest.mark.parametrize("size", [1, 7, 20, 64])
def test_full_batches_hold_every_group_once_and_have_one_shape(size: int) -> None:
    part = containers().train
    every = batch(part, np.arange(part.size))[0]["measured"]
    made = list(full_batches(part, size))
    assert {inputs["measured"].shape for inputs, _ in made} == {(size, 32, 32, 1)}
    np.testing.assert_array_equal(
        np.concatenate([inputs["measured"][:valid] for inputs, valid in made]), every
    )
    assert len(made) == math.ceil(part.size / size)


# Guards after normalisation


def predicting(result: Any) -> Trained:
    history = History(monitor="loss", best_epoch=1, epochs=())
    return Trained(
        weights=[], untrained=[], history=history, predict=lambda weights, container: result
    )


@pytest.mark.clause("PROBE-003")
def test_inference_with_the_probe_of_normalisation_goes_through() -> None:
    assert infer(scenario(), predicting("patches"), containers().test) == "patches"


@pytest.mark.clause("PROBE-003")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda p: p * np.complex64(1.0001), id="scaled-a-little"),
        pytest.param(lambda p: np.roll(p, 1, axis=0), id="shifted"),
        pytest.param(lambda p: p.astype(np.complex128), id="other-dtype"),
        pytest.param(lambda p: np.where(np.abs(p) > 0.1, p, 0), id="masked"),
    ],
)
def test_inference_with_another_probe_is_refused(change: Any) -> None:
    part = containers().test
    with pytest.raises(ProbeError, match="the probe changed") as caught:
        infer(
            scenario(), predicting("patches"), part.model_copy(update={"probe": change(part.probe)})
        )
    assert caught.value.details["limit"] == part.probe_digest


def test_the_required_reach_is_the_largest_object_amplitude_in_units_of_a0() -> None:
    part = containers().train
    truth = part.groups.scan.objectGuess
    assert truth is not None
    assert required_reach(part) == pytest.approx(np.abs(truth).max() / part.a0, rel=SINGLE)


def test_without_a_truth_the_brightest_frame_tells_the_required_reach() -> None:
    part = containers().train
    blind = part.groups.scan.model_copy(update={"objectGuess": None})
    given = part.model_copy(update={"groups": part.groups.model_copy(update={"scan": blind})})
    energies = (blind.diff3d.astype(np.float64) ** 2).sum(axis=(1, 2))
    assert required_reach(given) == pytest.approx(
        math.sqrt(energies.max() / energies.mean()), rel=SINGLE
    )


def test_a_bounded_head_that_cannot_reach_the_object_is_refused_with_the_range() -> None:
    with pytest.raises(HeadRangeError, match="sigmoid cannot reach") as caught:
        check_reach(
            scenario(model={"architecture": "cnn", "amp_activation": "sigmoid"}), containers().train
        )
    assert "softplus" in str(caught.value)


@pytest.mark.parametrize("head", ["cartesian", "softplus"])
def test_an_unbounded_head_is_accepted(head: str) -> None:
    check_reach(scenario(model={"amp_activation": head}), containers().train)


def test_a_bounded_head_that_reaches_is_accepted() -> None:
    part = containers().train
    dim = replace_object(part, 0.9 * part.a0)
    check_reach(scenario(model={"architecture": "cnn", "amp_activation": "sigmoid"}), dim)


def replace_object(part: Any, level: float) -> Any:
    scan = part.groups.scan.model_copy(
        update={"objectGuess": np.full((96, 96), level, np.complex64)}
    )
    return part.model_copy(update={"groups": part.groups.model_copy(update={"scan": scan})})
