"""One case a check: how cases are named by their clauses, and how a case ends."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from ptyspec.checks.clause_check import ClauseCheck
from ptyspec.checks.intensity import the_gain_is_the_training_split_s
from ptyspec.checks.judge import judge, registered
from ptyspec.checks.reach import why_not
from ptyspec.spec.checks import Check, NotRun
from ptyspec.spec.finding import State, failed

STAGES = "stages"


def rows(stages: bool, wanted: Callable[[ClauseCheck], bool]) -> list[ParameterSet]:
    """Return the checks of stages, or of answers, that are wanted, named by their clause, and by their function where a clause has several."""
    several, found = Counter(check.clause for check in registered()), []
    for check in registered():
        own = check is the_gain_is_the_training_split_s  # it has a case of its own
        if (check.door == STAGES) is stages and wanted(check) and not own:
            name = f"-{check.function.__name__}" if several[check.clause] > 1 else ""
            slug = (check.clause + name).lower().replace("_", "-")
            found.append(pytest.param(check, marks=pytest.mark.clause(check.clause), id=slug))
    return found


def judged(check: ClauseCheck, clause: Check, outputs: Any) -> None:
    """Fail as the check does; a check that has nothing to say of these outputs is skipped, never passed."""
    if reason := why_not(check, outputs):
        pytest.skip(reason)
    findings = judge(outputs, among=[check])
    if all(finding.state is State.NOT_RUN for finding in findings):
        told = "; ".join(finding.observed for finding in findings)
        pytest.skip(told or "it has nothing to say of this scenario")
    with suppress(NotRun):
        check(clause, outputs)
    clause.equal([finding.what for finding in failed(findings)], [], "what fails")
