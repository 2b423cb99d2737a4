"""What `explain` found: frozen, complete, and as JSON; story and figures are made from it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ptyspec.explanations.causes import Cause, Findings, Masked
from ptyspec.explanations.claims import Evidence, Settled, settled
from ptyspec.explanations.deltas import Delta
from ptyspec.explanations.drive import Step
from ptyspec.explanations.factors import Factorial
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.explanations.stages import Chain

Status = Literal["explained", "one way", "incomplete"]


@dataclass(frozen=True)
class Question:
    """What is asked: names of both sides, the symptom as written, its number's path and limit where it has one."""

    good: str
    bad: str
    symptom: str
    path: str = ""
    limit: float | None = None


@dataclass(frozen=True)
class Spent:
    """What it took; CPU seconds are those of the runs when they were made, cached ones among them."""

    runs: int
    repeats: int
    splices: int
    made: int
    """Runs, repeats among them, that were not in the store."""
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Explanation:
    """Everything that was found between GOOD and BAD.

    - numbers: what the symptom's number was, by subset; outcomes the same.
    - best: the smallest failing subset so far, where the budget ended the search before a cause was proven.
    """

    question: Question
    deltas: tuple[Delta, ...]
    chain: Chain | None
    chain_reason: str
    findings: Findings
    evidence: Mapping[tuple[str, ...], tuple[Evidence, ...]]
    factorial: Factorial | None
    steps: Sequence[Step]
    outcomes: Mapping[Subset, Outcome]
    numbers: Mapping[Subset, float | None]
    complete: bool
    best: Subset | None
    spent: Spent
    notes: tuple[str, ...] = field(default=())

    @property
    def whole(self) -> Subset:
        """All differences: BAD."""
        return frozenset(delta.name for delta in self.deltas)

    @property
    def status(self) -> Status:
        """`explained`: every cause, hidden ones among them, is confirmed both ways."""
        if not self.complete:
            return "incomplete"
        named: list[Cause | Masked] = [*self.findings.causes, *self.findings.masked]
        return "explained" if all(self.settled(one) == "both ways" for one in named) else "one way"

    def settled(self, named: Cause | Masked) -> Settled:
        """Return how far a cause is confirmed."""
        return settled(self.evidence.get(named.members, ()))

    def number(self, *names: str) -> float | None:
        """Return the symptom's number with these differences taken over."""
        return self.numbers.get(frozenset(names))
