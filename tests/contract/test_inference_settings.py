"""What is settled before a network is built: frame sides, the scale's default, the groups of an inference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ConfigError, DetectorSizeError
from ptyspec.faults.apply import applied
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.request import recipe_faults, recipe_names, request, scenario_names
from ptyspec.spec.checks import Check
from tests.npz_files import saved
from tests.tiny_runs import tiny


@pytest.mark.clause("PARAMS-N-DIV4-001")
@pytest.mark.parametrize(
    ("size", "nearest"),
    [
        pytest.param(30, "28 or 32", id="30"),
        pytest.param(33, "32 or 36", id="33"),
        pytest.param(62, "60 or 64", id="62"),
    ],
)
def test_a_side_that_is_not_divisible_by_four_is_refused_by_the_first_stage(
    clause: Check, size: int, nearest: str
) -> None:
    with clause.raises_at("simulate", DetectorSizeError, f"N = {size}", mentions=nearest):
        ReferencePipeline().simulate(tiny("gs1_custom", f"model.N={size}").scenario)


@pytest.mark.clause("PARAMS-N-DIV4-001")
def test_a_measured_scan_with_such_a_side_is_refused_there_too(
    clause: Check, tmp_path: Path
) -> None:
    draws = np.random.default_rng(0)
    frames = draws.uniform(0, 3, (6, 10, 10)).astype(np.float32)
    path = saved(
        tmp_path,
        diff3d=frames,
        probeGuess=np.ones((10, 10), np.complex64),
        measurement=np.array("amplitude"),
    )
    made = request(str(path), settings=["probe.refine_sweeps=0"]).scenario
    assert made.model.N == 10
    with clause.raises_at("simulate", DetectorSizeError, "a file with N = 10", mentions="8 or 12"):
        ReferencePipeline().simulate(made)


@pytest.mark.clause("PARAMS-N-DIV4-001")
@pytest.mark.parametrize("size", [20, 32, 36])
def test_sides_that_are_divisible_by_four_are_accepted(clause: Check, size: int) -> None:
    scan = ReferencePipeline().simulate(
        tiny("gs1_custom", f"model.N={size}", "scan.n_images=4").scenario
    )
    clause.shape_dtype(scan.diff3d, (4, size, size), np.float32, "frames")


@pytest.mark.clause("NET-003")
@pytest.mark.parametrize("recipe", recipe_names())
@pytest.mark.parametrize("name", scenario_names())
def test_no_shipped_scenario_trains_the_intensity_scale(
    clause: Check, name: str, recipe: str
) -> None:
    with applied(*recipe_faults(recipe)):
        effective = request(name, recipe=recipe).scenario.training.intensity_scale_trainable
    clause.equal(effective, False, "training.intensity_scale_trainable")


@pytest.mark.clause("NET-003")
def test_the_bare_default_leaves_the_intensity_scale_fixed(clause: Check) -> None:
    clause.equal(Scenario(name="bare").training.intensity_scale_trainable, False, "default")


@pytest.mark.clause("NET-003")
def test_a_trainable_intensity_scale_is_refused_as_long_as_it_would_not_train(
    clause: Check,
) -> None:
    with pytest.raises(ConfigError, match="intensity_scale_trainable"):
        tiny("gs1_custom", "training.intensity_scale_trainable=true")
    clause.equal(
        tiny().scenario.training.intensity_scale_trainable, False, "the value that is left"
    )


@pytest.mark.clause("INFER-002")
@pytest.mark.parametrize("target", ["gs1_custom", "gs2_custom"])
def test_the_groups_of_an_inference_follow_from_the_declared_seed(
    clause: Check, target: str
) -> None:
    walk, made = ReferencePipeline(), tiny(target).scenario
    halves = walk.split(made, walk.simulate(made))
    first = walk.group(made, halves).test
    second = walk.group(made, halves).test
    clause.equal(second.nn_indices, first.nn_indices, "frames of each group")
    clause.equal(second.coords, first.coords, "positions of each group")


@pytest.mark.clause("CANVAS-002")
def test_a_moved_scan_needs_the_same_canvas(clause: Check) -> None:
    from ptyspec.physics.geometry import required_canvas

    walk, made = ReferencePipeline(), tiny("gs2_custom").scenario
    halves = walk.split(made, walk.simulate(made))
    sides = []
    for way in (0.0, 4096.0):
        moved = {name: getattr(halves.test, name) + way for name in ("xcoords", "ycoords")}
        groups = walk.group(made, replace(halves, test=halves.test.model_copy(update=moved))).test
        sides.append(required_canvas(groups.coords_relative, made.model.N))
    clause.equal(sides[1], sides[0], "side of the canvas of the moved scan")
