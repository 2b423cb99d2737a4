"""The pipeline under test | the specification: `--ptyspec-pipeline` puts another one in the reference's place.

Everything goes through the eight stages and the files of a finished run, so that each case judges whatever stands there.
What is judged on the outputs of stages is one check function a clause, the same that audits and reports call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from ptyspec.checks.intensity import the_gain_is_the_training_split_s
from ptyspec.checks.judge import ClauseCheck, judge, registered
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.stages import STAGES
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.finished_run import FILES, FinishedRun
from ptyspec.spec.checks import Check, NotRun
from ptyspec.spec.finding import State, failed

SCENARIOS = pytest.mark.parametrize("scenario", ["gs1_custom", "gs2_custom"], indirect=True)


def rows(wanted: Callable[[ClauseCheck], bool]) -> Iterator[ParameterSet]:
    """The checks that are wanted, named by their clause, and by their function where a clause has several."""
    several = Counter(check.clause for check in registered())
    for check in registered():
        if wanted(check) and check is not the_gain_is_the_training_split_s:
            name = f"-{check.function.__name__}" if several[check.clause] > 1 else ""
            slug = (check.clause + name).lower().replace("_", "-")
            yield pytest.param(check, marks=pytest.mark.clause(check.clause), id=slug)


def judged(check: ClauseCheck, clause: Check, outputs: StageOutputs) -> None:
    """Fail as the check does; a check that has nothing to say of these outputs is skipped, never passed."""
    rows = judge(outputs, among=[check])
    if all(finding.state is State.NOT_RUN for finding in rows):
        pytest.skip("; ".join(finding.observed for finding in rows) or "nothing to say of this")
    with suppress(NotRun):
        check(clause, outputs)
    clause.equal([finding.what for finding in failed(rows)], [], "what fails")


@SCENARIOS
@pytest.mark.parametrize("check", rows(lambda check: not (check.trains or check.network)))
def test_the_outputs_of_the_stages_keep_the_clause(
    check: ClauseCheck, clause: Check, outputs: StageOutputs
) -> None:
    judged(check, clause, outputs)


@pytest.mark.parametrize("scenario", ["gs2_custom"], indirect=True)
@pytest.mark.parametrize("check", rows(lambda check: check.network))
def test_the_built_network_keeps_the_clause(
    check: ClauseCheck, clause: Check, outputs: StageOutputs
) -> None:
    judged(check, clause, outputs)


@pytest.mark.expensive
@SCENARIOS
@pytest.mark.parametrize("check", rows(lambda check: check.trains))
def test_the_finished_run_keeps_the_clause(
    check: ClauseCheck, clause: Check, outputs: StageOutputs, finished_run: Path
) -> None:
    outputs.__dict__.setdefault("finished", FinishedRun(finished_run))
    judged(check, clause, outputs)


@SCENARIOS
@pytest.mark.clause("NORM-002")
def test_one_gain_from_the_training_split_serves_both(clause: Check, outputs: StageOutputs) -> None:
    the_gain_is_the_training_split_s(clause, outputs)


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
