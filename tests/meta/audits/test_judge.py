"""The one judge: a clause's check is a function that pytest cases, audits and `ptyspec check` call alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from ptyspec.checks import judge as module
from ptyspec.checks.clause_check import ClauseCheck, checks
from ptyspec.checks.judge import judge, outputs_of, registered
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.protocol import GroupedTrainTest, TrainTest
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.spec.checks import Check, ClauseViolation, NotRun
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State
from tests.audits import material

RULE = "NORM-001"


@pytest.fixture(autouse=True)
def _own_checks() -> Iterator[None]:
    """What a case registers is gone after it."""
    kept = list(registered())  # all are loaded before one is added
    yield
    module.REGISTRY[:] = kept


def judged(check: ClauseCheck) -> list[Finding]:
    return judge(material(), among=[check])


def test_every_comparison_of_a_check_is_a_finding_and_a_violation_ends_nothing() -> None:
    @checks(RULE)
    def the_gain(check: Check, outputs: StageOutputs) -> None:
        check.equal(outputs.containers.train.groups.C, 5, "members")
        check.between(0.9, 1.25, 1.1, "gain")
        check.close(np.array([1.0, 2.0]), np.array([1.0, 2.0]), "scale")
        check.between(0.0, float("nan"), 1.0, "level")

    rows = judged(the_gain)
    assert [(row.what, row.state) for row in rows] == [
        ("members", State.FAILED),
        ("gain", State.FAILED),
        ("scale", State.PASSED),
        ("level", State.NOT_RUN),
    ]
    assert (rows[0].observed, rows[0].expected) == ("4", "5")
    assert (rows[1].observed, rows[1].expected) == ("1.25", "0.9 to 1.1")
    assert {row.stage for row in rows} == {specification()[RULE].place}


def test_a_crash_is_an_error_of_that_check_alone() -> None:
    @checks(RULE, stage="group")
    def crashes(check: Check, outputs: StageOutputs) -> None:
        check.equal(1, 1, "one")
        raise MemoryError("no room")

    passed, error = judged(crashes)
    assert (passed.state, passed.observed) == (State.PASSED, "1")
    assert error.state is State.ERROR
    assert re.fullmatch(r"MemoryError: no room \(test_judge.py, line \d+\)", error.observed)
    assert {row.stage for row in judged(crashes)} == {"group"}


@pytest.mark.parametrize(
    ("observed", "error"), [(2.0, ClauseViolation), (None, NotRun)], ids=["violated", "missing"]
)
def test_a_case_of_pytest_that_calls_the_same_function_ends_at_the_first_violation(
    observed: float | None, error: type[Exception]
) -> None:
    @checks(RULE)
    def the_gain(check: Check, outputs: StageOutputs) -> None:
        check.between(0.9, observed, 1.1, "gain")

    bound = Check(specification()["NORM-002"], others=(specification()[RULE],))
    with pytest.raises(error, match=RULE):
        the_gain(bound, material())


def test_nothing_is_trained_for_an_answer_unless_it_may_be() -> None:
    @checks(RULE, trains=True)
    def the_level(check: Check, outputs: StageOutputs) -> None:
        check.finite(outputs.reconstruction.object, "object")

    assert judge(material(), among=[the_level], trains=False) == []


class Flipped(ReferencePipeline):
    """Somebody's pipeline: relative offsets have the other sign."""

    name = "flipped"

    def group(self, scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
        parts = super().group(scenario, halves)
        return GroupedTrainTest(
            *(
                part.model_copy(update={"coords_relative": -part.coords_relative})
                for part in (parts.train, parts.test)
            )
        )


def test_somebodys_pipeline_is_judged_without_pytest() -> None:
    clauses = ("COORDS-003", "GROUP-010")

    def failed(pipeline: ReferencePipeline) -> set[str]:
        rows = judge(outputs_of(pipeline, material().scenario), clauses)
        assert {row.clause for row in rows} == set(clauses)
        return {row.clause for row in rows if row.state is State.FAILED}

    assert failed(ReferencePipeline()) == set()
    assert failed(Flipped()) == {"COORDS-003"}


def test_every_registered_check_names_a_clause_that_exists() -> None:
    assert {check.clause for check in registered()} <= set(specification())
    with pytest.raises(ValueError, match="no stage"):
        checks(RULE, stage="norm")
