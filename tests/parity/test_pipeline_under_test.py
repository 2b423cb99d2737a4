"""The pipeline under test | the specification: `--ptyspec-pipeline` puts another one in the reference's place.

Everything goes through the eight stages and the files of a finished run, so that each case judges whatever stands there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.files.jsonfile import read_json
from ptyspec.pipeline.protocol import Containers, GroupedHalves, Pipeline
from ptyspec.runs.finished_run import FILES
from ptyspec.spec.checks import Check

SCENARIOS = pytest.mark.parametrize("scenario", ["gs1_custom", "gs2_custom"], indirect=True)


@pytest.fixture
def groups(pipeline: Pipeline, scenario: Scenario) -> GroupedHalves:
    return pipeline.group(scenario, pipeline.split(scenario, pipeline.simulate(scenario)))


@pytest.fixture
def containers(pipeline: Pipeline, scenario: Scenario, groups: GroupedHalves) -> Containers:
    return pipeline.normalize(scenario, groups)


@pytest.fixture
def stitched(pipeline: Pipeline, scenario: Scenario, oracle_patches: Patches) -> Reconstruction:
    return pipeline.stitch(scenario, oracle_patches)


@pytest.fixture
def metrics(finished_run: Path) -> dict[str, Any]:
    return dict(read_json(finished_run / "metrics.json"))


@SCENARIOS
@pytest.mark.clause("SYNTH-POISSON-DOSE-001")
def test_the_scan_has_the_declared_dose(
    clause: Check, pipeline: Pipeline, scenario: Scenario
) -> None:
    scan = pipeline.simulate(scenario)
    counts = scan.scale**2 * np.mean(np.sum(np.asarray(scan.diff3d, np.float64) ** 2, axis=(1, 2)))
    clause.within_ratio(counts, scenario.dose.nphotons, "photons a frame")


@SCENARIOS
@pytest.mark.clause("SPLIT-001", "BUG-TF-001", "COORDS-003")
def test_groups_belong_to_their_split_and_know_their_places(
    clause: Check, scenario: Scenario, groups: GroupedHalves
) -> None:
    train, test = groups.train, groups.test
    shared = {*map(tuple, train.scan.positions.tolist())} & {
        *map(tuple, test.scan.positions.tolist())
    }
    clause.equal(len(shared), 0, "frames of both splits")
    for part in (train, test):
        clause("BUG-TF-001").equal(
            part.nn_indices.shape[1], scenario.model.gridsize**2, "members of a group"
        )
        coords = np.moveaxis(part.scan.positions[part.nn_indices], 1, 2)[:, None]
        clause("COORDS-003").close(
            part.coords_offsets, coords.mean(axis=-1, keepdims=True), "offsets"
        )
        clause("COORDS-003").close(
            part.coords_relative, part.coords_offsets - coords, "relative coordinates"
        )


@SCENARIOS
@pytest.mark.clause("NORM-001", "NORM-002")
def test_one_gain_from_the_training_split_serves_both(
    clause: Check, containers: Containers
) -> None:
    train, test = containers.train, containers.test
    energy = np.mean(np.sum(np.asarray(train.groups.scan.diff3d, np.float64) ** 2, axis=(1, 2)))
    clause.close(
        train.gain, np.sqrt((train.groups.scan.N / 2) ** 2 / energy), "gain of the training split"
    )
    for name in ("gain", "scale", "a0"):
        clause("NORM-002").equal(
            getattr(test, name), getattr(train, name), f"{name} of the test split"
        )


@SCENARIOS
@pytest.mark.clause("STITCH-002", "STITCH-005", "REASSEMBLY-METRIC-FRAME-001")
def test_true_patches_stitch_to_an_object_that_the_score_recognises(
    clause: Check,
    pipeline: Pipeline,
    scenario: Scenario,
    oracle_patches: Patches,
    stitched: Reconstruction,
) -> None:
    _, n, _, members = oracle_patches.object.shape
    intensity = np.abs(oracle_patches.probe.astype(np.complex128)) ** 2
    light = intensity.sum() / intensity.max()  # the weight is one where the probe is brightest
    clause.within_ratio(
        float(np.sum(stitched.coverage, dtype=np.float64)),
        oracle_patches.object.size / n**2 * light,
        "coverage",
    )
    found = pipeline.score(scenario, pipeline.simulate(scenario), stitched)
    clause("STITCH-005").close(found["complex"]["nrmse"], 0.0, "relative rms error")
    clause("REASSEMBLY-METRIC-FRAME-001").close(
        found["amplitude"]["pearson_r"], 1.0, "Pearson correlation"
    )
    assert members == scenario.members


@SCENARIOS
@pytest.mark.clause("SCORE-003")
def test_a_score_sees_a_wrong_amplitude(
    clause: Check, pipeline: Pipeline, scenario: Scenario, stitched: Reconstruction
) -> None:
    scan = pipeline.simulate(scenario)
    half = stitched.model_copy(update={"object": (stitched.object / 2).astype(np.complex64)})
    ratios = [
        pipeline.score(scenario, scan, one)["amplitude"]["mean_ratio"] for one in (stitched, half)
    ]
    clause.close(ratios[1], ratios[0] / 2, "mean ratio of half the object")


@SCENARIOS
@pytest.mark.clause("INFER-005", "NET-009")
def test_the_reconstruction_has_the_amplitude_and_the_contrast_of_the_truth(
    clause: Check, metrics: dict[str, Any]
) -> None:
    amplitude = metrics["amplitude"]
    clause.within_ratio(amplitude["mean_ratio"], 1.0, "mean amplitude over that of the truth")
    contrasts = [amplitude[of]["p95"] - amplitude[of]["p05"] for of in ("prediction", "truth")]
    clause("NET-009").within_ratio(contrasts[0], contrasts[1], "spread of the amplitude")
    clause.holds(not metrics["has_nan"] and metrics["fits_canvas"], "no NaN, and the canvas fits")


@SCENARIOS
@pytest.mark.clause("SCORE-009", "FLOW-001", "RUN-001")
def test_a_finished_run_is_complete_and_stands_beside_its_controls(
    clause: Check, finished_run: Path
) -> None:
    controls = read_json(finished_run / "metrics.json")["controls"]
    clause.holds(
        {"trivial", "untrained", "iterative"} <= controls.keys(), "controls", sorted(controls)
    )
    stages = [stage["name"] for stage in read_json(finished_run / "stages.json")["stages"]]
    clause("FLOW-001").equal(stages, list(STAGES), "stages")
    there = {path.name for path in finished_run.iterdir()}
    clause("RUN-001").equal(sorted({*FILES} - there), [], "files that are missing")
