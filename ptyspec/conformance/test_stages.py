"""The outputs of stages, and the finished run | the specification.

`--ptyspec-pipeline` puts another pipeline in the reference's place. What is judged on the outputs of stages is one check
function a clause, the same that audits and reports call.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.checks.clause_check import ClauseCheck
from ptyspec.checks.intensity import the_gain_is_the_training_split_s
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.conformance.cases import judged, rows
from ptyspec.contracts.stages import STAGES
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.finished_run import FILES, FinishedRun
from ptyspec.spec.checks import Check

SCENARIOS = pytest.mark.parametrize("scenario", ["gs1_custom", "gs2_custom"], indirect=True)


@SCENARIOS
@pytest.mark.parametrize("check", rows(True, lambda check: not (check.trains or check.network)))
def test_the_outputs_of_the_stages_keep_the_clause(
    check: ClauseCheck, clause: Check, outputs: StageOutputs
) -> None:
    judged(check, clause, outputs)


@pytest.mark.parametrize("scenario", ["gs2_custom"], indirect=True)
@pytest.mark.parametrize("check", rows(True, lambda check: check.network))
def test_the_built_network_keeps_the_clause(
    check: ClauseCheck, clause: Check, outputs: StageOutputs
) -> None:
    judged(check, clause, outputs)


@pytest.mark.expensive
@SCENARIOS
@pytest.mark.parametrize("check", rows(True, lambda check: check.trains))
def test_the_finished_run_keeps_the_clause(
    check: ClauseCheck, clause: Check, outputs: StageOutputs, finished_run: Path
) -> None:
    outputs.__dict__.setdefault("finished", FinishedRun(finished_run))
    judged(check, clause, outputs)


@SCENARIOS
@pytest.mark.clause("NORM-002")
def test_one_gain_from_the_training_split_serves_both(clause: Check, outputs: StageOutputs) -> None:
    judged(the_gain_is_the_training_split_s, clause, outputs)


@pytest.mark.expensive
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
