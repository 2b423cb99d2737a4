"""What was observed of a clause, and how it stands: the one vocabulary of states of everything that judges.

A state belongs to the checks of the clause, not to the case. docs/pytest.md says the rules in words.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ptyspec.contracts.stages import STAGES
from ptyspec.spec.clause import PLACES, Clause

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


def of_case(
    bound: Sequence[str],
    case: State,
    *,
    failed: Collection[str] = (),
    held: Collection[str] = (),
    asserts: bool = False,
) -> dict[str, State]:
    """Return the state of each clause that one case is bound to.

    Args:
        bound: ids of the clauses.
        case: how the case ended: passed, failed (an assertion), error (any other exception), not
            run (skipped, or it never used the pipeline under test).
        failed: clauses whose own check failed.
        held: clauses of which at least one check passed.
        asserts: whether the case makes assertions that name no clause. Where it is bound to one
            clause alone, they are assertions of that clause.
    """
    alone = len(bound) == 1

    def of(name: str) -> State:
        if case in (State.ERROR, State.NOT_RUN):
            return case
        if name in failed:
            return State.FAILED
        if case is State.FAILED and not failed:  # the failed assertion names none of the clauses
            return State.FAILED if alone else State.NOT_REACHED
        if name in held or (alone and asserts):
            return State.PASSED
        return State.NOT_REACHED if case is State.FAILED else State.NOT_RUN

    return {name: of(name) for name in bound}


@dataclass(frozen=True)
class Standing:
    """How one clause stands after its cases.

    Attributes:
        state: by `worst`.
        cases: how many cases are bound to it.
        ran: how many of them made a check of it that passed or failed.
        expected: it failed, and each failure was expected.
    """

    state: State
    cases: int
    ran: int
    expected: bool = False

    @property
    def partly(self) -> bool:
        """Whether it passed, and some of its cases did not look."""
        return self.state is State.PASSED and self.ran < self.cases

    @property
    def word(self) -> str:
        """The state in words: `no case`, `partly run` and `failed as expected` are told apart."""
        if not self.cases:
            return "no case"
        if self.partly:
            return "partly run"
        return f"{self.state} as expected" if self.expected else str(self.state)

    def __str__(self) -> str:
        return f"{self.word}, {self.ran} of {self.cases} cases" if self.partly else self.word


def standing(states: Iterable[State], cases: int, expected: bool = False) -> Standing:
    """Return how a clause with so many cases stands, whose cases that ended left these states."""
    found = list(states)
    state, looked = worst(found), sum(one in (State.PASSED, State.FAILED) for one in found)
    return Standing(state, cases, looked, expected and state in (State.FAILED, State.ERROR))


def failures(clauses: Iterable[Clause], standings: Mapping[str, Standing]) -> list[Finding]:
    """Return the clauses that failed and were not expected to, the earliest stage first."""
    return failed(
        Finding(one.id, one.place, one.title, str(at), str(one.tolerance), at.state, one.source)
        for one in clauses
        if (at := standings.get(one.id)) is not None and not at.expected
    )


def follows(findings: Sequence[Finding]) -> dict[str, str]:
    """Return for each failed clause the one that it may follow from; "" where it stands for itself.

    `findings` are in the order of `failed`. A stage works on what earlier stages gave it, so that a
    failure behind that of an earlier stage may be its consequence. What surrounds the stages (files,
    settings, the run, evidence) stands for itself.
    """
    stages = [one for one in findings if one.stage in STAGES]
    return {
        one.clause: stages[0].clause if one.stage in STAGES and one.stage != stages[0].stage else ""
        for one in findings
    }
