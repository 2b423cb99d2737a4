"""From GOOD, BAD and a symptom to an explanation: ends, stage, causes, shares, confirmation, in this order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ptyspec.errors import PtyspecError
from ptyspec.explanations.build import Question, Results, explanation
from ptyspec.explanations.causes import Findings, Near, find_all
from ptyspec.explanations.claims import (
    Claim,
    Evidence,
    Run,
    asked,
    claims_of_cause,
    claims_of_masked,
)
from ptyspec.explanations.deltas import FAULT, Delta, acting_at
from ptyspec.explanations.drive import BudgetSpent, Driver
from ptyspec.explanations.explanation import Explanation
from ptyspec.explanations.factors import Factorial, factorial
from ptyspec.explanations.plan import Ask, Outcome, Subset
from ptyspec.explanations.stages import Chain

NOTHING: Subset = frozenset()


class NothingToExplainError(PtyspecError):
    """GOOD shows the symptom, BAD does not, or they do not differ."""


class SearchInterruptedError(PtyspecError):
    """The user stopped the search; what was run is kept."""

    exit_code = 3


class Bench(Protocol):
    """Where subsets become runs (laboratory.py, clause_bench.py)."""

    made: int
    cpu_seconds: float

    def outcomes(self, subsets: Sequence[Subset]) -> list[Outcome]:
        """Make runs and say how each ended."""

    def number(self, subset: Subset) -> float | None:
        """Return the number behind the symptom of a run that was made."""

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[Run]]:
        """Return runs with other training seeds."""

    def unreadable(self) -> PtyspecError:
        """Return the error for a GOOD from which the symptom cannot be read."""


@dataclass(frozen=True)
class Limits:
    """How much may be done.

    - budget: runs of the search, None for as many as it needs; repeats: other training seeds of each claim.
    """

    budget: int | None = None
    repeats: int = 3
    width: int = 2


@dataclass
class Investigation:
    """The work between two sides; what it has found stays readable when the budget ends it."""

    bench: Bench
    deltas: Sequence[Delta]
    driver: Driver
    repeats: int
    found: Findings = field(default_factory=Findings)
    factorial: Factorial | None = None
    evidence: dict[tuple[str, ...], tuple[Evidence, ...]] = field(default_factory=dict)
    repeated: int = 0

    @property
    def whole(self) -> Subset:
        """All differences: BAD."""
        return frozenset(delta.name for delta in self.deltas)

    def check_ends(self, question: Question) -> None:
        """Raise unless GOOD passes and BAD fails."""
        ends = self.driver.answer(Ask((NOTHING, self.whole), "GOOD and BAD"))
        if ends[0] is Outcome.UNRESOLVED:
            raise self.bench.unreadable()
        for outcome, wanted, name, words in (
            (ends[0], Outcome.PASS, "GOOD", question.good),
            (ends[1], Outcome.FAIL, "BAD", question.bad),
        ):
            if outcome is not wanted:
                number = self.bench.number(NOTHING if name == "GOOD" else self.whole)
                raise NothingToExplainError(
                    f"{name} does not {wanted.value}: {'it shows the symptom' if name == 'GOOD' else _absent(outcome)}",
                    value=words if number is None else f"{words}: {number:.6g}",
                    limit=question.symptom,
                    source=name,
                    next_step="name a GOOD without the symptom and a BAD with it",
                )

    def search(self, near: Near, tell: Callable[[str], None]) -> None:
        """Find causes and what is hidden, divide shares, confirm; raises BudgetSpent."""
        names = [delta.name for delta in self.deltas]
        self.driver.run(find_all(names, self.found, near))
        tell("shares of the factors")
        self.factorial = self.driver.run(factorial(self.found, self.bench.number))
        tell("confirmation")
        claims = {
            cause.members: claims_of_cause(cause.members, self.found, self.whole)
            for cause in self.found.causes
        }
        claims |= {
            one.members: claims_of_masked(one, self.found, self.driver.known)
            for one in self.found.masked
        }
        self._confirm(claims)

    def _confirm(self, claims: dict[tuple[str, ...], tuple[Claim, ...]]) -> None:
        every = [claim for group in claims.values() for claim in group]
        own = self.driver.run(asked(every))
        again = self.bench.repeated(list(own), self.repeats)
        self.repeated = sum(len(runs) for runs in again.values())
        self.evidence = {
            members: tuple(
                Evidence(
                    claim,
                    (
                        (None, own[claim.subset], self.bench.number(claim.subset)),
                        *again[claim.subset],
                    ),
                )
                for claim in group
            )
            for members, group in claims.items()
        }


def explain(
    bench: Bench,
    deltas: Sequence[Delta],
    question: Question,
    limits: Limits,
    chain_of: Callable[[], tuple[Chain | None, str]],
    tell: Callable[[str], None],
) -> Explanation:
    """Return why BAD shows the symptom and GOOD does not; `chain_of` splices stages, or says why it cannot.

    Raises NothingToExplainError unless GOOD passes and BAD fails, ConfigError for a symptom that GOOD has no number for.
    """
    begun = time.monotonic()
    if not deltas:
        raise NothingToExplainError(
            "GOOD and BAD do not differ", value=f"{question.good} {question.bad}"
        )
    work = Investigation(
        bench, deltas, Driver(bench.outcomes, limits.budget, limits.width), limits.repeats
    )
    chain, reason, complete = None, "the budget was spent before", False
    try:
        work.check_ends(question)
        tell("stages: GOOD's first ones into BAD's rest")
        chain, reason = chain_of()
        tell("causes")
        work.search(near(deltas, chain), tell)
        complete = True
    except BudgetSpent:
        tell("the budget is spent")
    driver, cost = work.driver, 0.0 if chain is None else chain.cpu_seconds
    known = [cause.members for cause in work.found.causes]
    results = Results(
        deltas=deltas,
        chain=chain,
        chain_reason=reason,
        findings=work.found,
        evidence=work.evidence,
        factorial=work.factorial,
        steps=driver.steps,
        outcomes=driver.known,
        numbers={subset: bench.number(subset) for subset in driver.known},
        best=None if complete else driver.best(known),
    )
    runs = {
        "search": driver.runs,
        "repeats": work.repeated,
        "splices": 0 if chain is None else chain.runs,
        "not_cached": bench.made,
        "one_at_a_time": 2 * len(deltas),
    }
    return explanation(
        question,
        results,
        complete=complete,
        runs=runs,
        seconds=round(time.monotonic() - begun, 2),
        cpu_seconds=round(bench.cpu_seconds + cost, 2),
    )


def near(deltas: Sequence[Delta], chain: Chain | None) -> Near:
    """Return where to look first: the faults of the stage where the splice flips, then whatever acts there."""
    names = [] if chain is None else [name for at in chain.stages for name in acting_at(deltas, at)]
    return ([name for name in names if name.startswith(FAULT)], names)


def _absent(outcome: Outcome | None) -> str:
    return (
        "the symptom is not there"
        if outcome is Outcome.PASS
        else "the symptom cannot be read from its run"
    )
