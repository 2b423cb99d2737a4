"""Which clauses judge a pipeline, and why the others do not: what does not apply is never green."""

from collections.abc import Iterable, Mapping
from typing import Any

from ptyspec.checks.clause_check import ClauseCheck
from ptyspec.checks.judge import registered
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State

OURS = "only ptyspec's own tests look at it"
TRAINS = "it looks at what training made: --tier full"


def why_not(check: ClauseCheck, outputs: Any, *, trains: bool = True) -> str:
    """Return why a check says nothing of what these outputs come from; empty where it does."""
    if reason := check.why_not(outputs):
        return reason
    return TRAINS if check.trains and not trains else ""


def beyond(
    outputs: Any, findings: Iterable[Finding], *, trains: bool = True
) -> Mapping[str, tuple[str, ...]]:
    """Return, by reason, the clauses that did not judge: neither passed, failed, nor ended with an error."""
    said: dict[str, list[Finding]] = {}
    for one in findings:
        said.setdefault(one.clause, []).append(one)
    able: dict[str, list[ClauseCheck]] = {}
    for check in registered():
        able.setdefault(check.clause, []).append(check)
    reasons: dict[str, list[str]] = {}
    for name in specification():
        found, checks = said.get(name, []), able.get(name, [])
        if any(one.state is not State.NOT_RUN for one in found):
            continue
        told = [one.observed for one in found]
        told += [why_not(check, outputs, trains=trains) for check in checks]
        silent = "it has nothing to say of this scenario" if checks else OURS
        reasons.setdefault(next(filter(None, told), silent), []).append(name)
    return {reason: tuple(names) for reason, names in reasons.items()}
