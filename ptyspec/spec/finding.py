"""What was observed of a clause, and the one vocabulary of states that everything which judges uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ptyspec.spec.clause import PLACES

Severity = Literal["violation", "incomplete", "note"]


class State(StrEnum):
    """How one check of a clause ended, and, by `worst`, how a clause stands after several."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not reached"
    """An earlier failure or error ended the case before this check."""
    NOT_RUN = "not run"
    """Nothing has looked: no case ran, the case was skipped, or the value is missing."""
    ERROR = "error"
    """The check itself could not be made: a crash, out of memory. It says nothing of the clause."""


@dataclass(frozen=True)
class Finding:
    """One clause held against one value.

    Attributes:
        clause: id of the clause.
        stage: the place where a violation shows, one of `PLACES`.
        what: the quantity, in words.
        observed: what it is; for a state other than passed or failed, why it is not known.
        expected: what the clause wants, with its tolerance.
        state: how the check ended.
        source: where the observed value can be read, such as `metrics.json#/amplitude/mean_ratio`.
        used: the error as a share of the tolerance, None where it is not a distance.
        next_step: a command that shows more, or mends it.
    """

    clause: str
    stage: str
    what: str
    observed: str
    expected: str
    state: State
    source: str = ""
    used: float | None = None
    next_step: str = ""

    @property
    def ok(self) -> bool | None:
        """True where the clause holds, False where it is contradicted, None where nobody can say."""
        return {State.PASSED: True, State.FAILED: False}.get(self.state)


@dataclass(frozen=True)
class Remark:
    """Something to do about the specification and its cases: about which clause, what, where, and the next command.

    A *violation*: the specification, its binding or the code is wrong; *incomplete*: evidence is
    missing, cases that exist have not run; or a *note*.
    """

    severity: Severity
    clause: str
    message: str
    source: str
    next_step: str


def failed(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that contradict their clause, the earliest stage first.

    The first one is the cause or stands closest to it; later ones may follow from it.
    """
    rows = [finding for finding in findings if finding.state is State.FAILED]
    return sorted(rows, key=lambda finding: PLACES.index(finding.stage))


def worst(states: Iterable[State]) -> State:
    """Return the state of a clause after several checks: a failure outweighs an error, both a pass.

    Passed needs at least one check that passed, and no other that was not reached; what did not run
    counts for nothing beside it (how many did not run is said apart, as "partly run").
    """
    found = set(states)
    for state in (State.FAILED, State.ERROR, State.NOT_REACHED, State.PASSED):
        if state in found:
            return state
    return State.NOT_RUN
