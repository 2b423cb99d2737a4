"""The pipeline under test | the specification: `--ptyspec-pipeline` puts another one in the reference's place.

Everything goes through the eight stages and the files of a finished run, so that each case judges whatever stands there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.checks.judge import ClauseCheck, registered
from ptyspec.checks.material import Material
from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.files.jsonfile import read_json
from ptyspec.pipeline.protocol import Pipeline
from ptyspec.runs.finished_run import FILES, FinishedRun
from ptyspec.runs.run_spec import RunSpec
from ptyspec.spec.checks import Check, NotRun

SCENARIOS = pytest.mark.parametrize("scenario", ["gs1_custom", "gs2_custom"], indirect=True)


CHECKS = [
    pytest.param(
        check,
        marks=pytest.mark.clause(check.clause),
        id=f"{check.clause}-{check.function.__name__.replace('_', '-')}",
    )
    for check in registered()
]
OUTPUTS: dict[tuple[str, str], Material] = {}
"""Stage outputs by pipeline and scenario: the cases of one process share what they look at."""


@pytest.fixture
def outputs(pipeline: Pipeline, scenario: Scenario, finished_run: Path) -> Material:
    resolved = FinishedRun(finished_run).resolved
    spec = RunSpec(resolved, name=scenario.name, source=str(finished_run))
    key = (f"{type(pipeline).__module__}:{type(pipeline).__qualname__}", scenario.model_dump_json())
    if key not in OUTPUTS:
        whole = Material(spec, pipeline=pipeline)
        OUTPUTS[key] = whole.replaced(finished=FinishedRun(finished_run))
    return OUTPUTS[key]


@pytest.fixture
def stitched(pipeline: Pipeline, scenario: Scenario, oracle_patches: Patches) -> Reconstruction:
    return pipeline.stitch(scenario, oracle_patches)


@pytest.fixture
def metrics(finished_run: Path) -> dict[str, Any]:
    return dict(read_json(finished_run / "metrics.json"))


@pytest.mark.parametrize("scenario", ["gs2_custom"], indirect=True)
@pytest.mark.parametrize("check", CHECKS)
def test_the_stage_outputs_keep_the_clause(
    check: ClauseCheck, clause: Check, outputs: Material
) -> None:
    try:
        check(clause, outputs)
    except NotRun as gap:
        pytest.skip(str(gap))


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
