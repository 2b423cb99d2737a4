"""What a session says of each clause, and what makes it fail beyond its failed cases. Computed by the controller alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ptyspec.spec.clause import LEVELS, Clause
from ptyspec.spec.ledger import LOOSE, TIGHT, Row

State = Literal["green", "red", "open", "unbound"]


@dataclass(frozen=True)
class Verdict:
    """State of every clause that can be spoken of: all where everything was collected, else those whose cases ran."""

    states: Mapping[Clause, State]
    tight: int
    """Clauses of whose tolerance a case used more than half."""
    loose: int
    """Clauses of whose tolerance no case used as much as 1 %."""

    def count(self, level: str, state: State) -> int:
        """How many clauses of a level are in a state."""
        return sum(
            found == state and clause.level == level for clause, found in self.states.items()
        )

    @property
    def red(self) -> list[Clause]:
        """Clauses of which a case failed, MUST before SHOULD before MAY."""
        found = [clause for clause, state in self.states.items() if state == "red"]
        return sorted(found, key=lambda clause: LEVELS.index(clause.level))


def verdict(
    clauses: Iterable[Clause], rows: Mapping[str, Row], bound: set[str], complete: bool
) -> Verdict:
    """Judge clauses by the outcomes of their cases.

    Red: a case failed. Green: at least one passed and none failed. Open: cases failed as expected, or were skipped or
    not run, and that is all. Unbound: the whole suite was collected, and no case is bound to it (`bound` are the ids with cases).
    """
    outcomes: dict[str, set[str]] = {}
    for row in rows.values():
        for name in row.clauses:
            outcomes.setdefault(name, set()).add(row.outcome)
    states: dict[Clause, State] = {}
    for clause in clauses:
        found = outcomes.get(clause.id, set())
        if found & {"failed", "error"}:
            states[clause] = "red"
        elif "xfailed" not in found and found & {"passed", "xpassed"}:
            states[clause] = "green"
        elif found or clause.id in bound:
            states[clause] = "open"
        elif complete:
            states[clause] = "unbound"
    most: dict[str, float] = {}
    for row in rows.values():
        for name, _, used in row.margins:
            most[name] = max(most.get(name, 0.0), used)
    return Verdict(
        states,
        sum(TIGHT < one <= 1 for one in most.values()),
        sum(one < LOOSE for one in most.values()),
    )


def unexpected_passes(xfails: Mapping[str, list[str]], rows: Mapping[str, Row]) -> list[str]:
    """Return the clauses that were expected to fail and of which every case has passed."""
    found = []
    for entry, cases in xfails.items():
        outcomes = {rows[case].outcome for case in cases if case in rows}
        if outcomes == {"xpassed"} and all(case in rows for case in cases):
            found.append(f"{entry} was expected to fail, and all its {len(cases)} cases passed")
    return found


def breaches(
    clauses: Iterable[Clause], bound: set[str], unmatched: Iterable[str], stale: Iterable[str]
) -> list[str]:
    """Return what `--ptyspec-strict` does not let pass in a complete collection."""
    lonely = [
        f"{clause.id} has no case: {clause.title} ({clause.source})"
        for clause in clauses
        if clause.level == "MUST" and clause.id not in bound
    ]
    return [*lonely, *stale, *(f"expected failure {entry} covers no case" for entry in unmatched)]
