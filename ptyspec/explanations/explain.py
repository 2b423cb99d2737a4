"""From GOOD, BAD and a symptom to an explanation: ends, stage, causes, shares, confirmation, in this order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from ptyspec.errors import PtyspecError
from ptyspec.explanations.causes import Findings, Near, find_all
from ptyspec.explanations.claims import Claim, claims_of_cause, claims_of_masked, exposing, settled
from ptyspec.explanations.deltas import acting_at
from ptyspec.explanations.drive import BudgetSpent, Driver
from ptyspec.explanations.explanation import (
    CauseRow,
    ChainRow,
    ClaimRow,
    Difference,
    Explanation,
    MaskedRow,
    Names,
    Run,
    SeedRun,
    SharesRow,
    Spent,
    Step,
)
from ptyspec.explanations.factors import factorial
from ptyspec.explanations.plan import Ask, Outcome, Subset, every
from ptyspec.explanations.stages import Chain
from ptyspec.runs.run_spec import FAULT

NOTHING: Subset = frozenset()
NOT_ASKED = Chain(ChainRow(reason="the budget was spent before"))


class NothingToExplainError(PtyspecError):
    """GOOD shows the symptom, BAD does not, or they do not differ."""


class SearchInterruptedError(PtyspecError):
    """The user stopped the search; what was run is kept."""

    exit_code = 3


class Question(NamedTuple):
    """What is asked: names of both sides, the symptom as written, its number's path and limit where it has one."""

    good: str
    bad: str
    symptom: str
    path: str = ""
    limit: float | None = None


class Limits(NamedTuple):
    """How much may be done.

    - budget: runs of the search, None for as many as it needs; repeats: other training seeds of each claim.
    """

    budget: int | None = None
    repeats: int = 3
    width: int = 2


class Bench(Protocol):
    """Where subsets become runs (laboratory.py, clause_bench.py)."""

    deltas: tuple[Difference, ...]
    made: int
    cpu_seconds: float

    def outcomes(self, subsets: Sequence[Subset]) -> list[Outcome]:
        """Make runs and say how each ended."""

    def number(self, subset: Subset) -> float | None:
        """Return the number behind the symptom of a run that was made."""

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[SeedRun]]:
        """Return runs with other training seeds."""

    def chain(self, tell: Callable[[str], None]) -> Chain:
        """Return where the symptom enters, or why that is not asked."""

    def unreadable(self) -> PtyspecError:
        """Return the error for a GOOD from which the symptom cannot be read."""


def explain(
    bench: Bench, question: Question, limits: Limits, tell: Callable[[str], None]
) -> Explanation:
    """Return why BAD shows the symptom and GOOD does not.

    Raises NothingToExplainError unless GOOD passes and BAD fails, ConfigError for a symptom that GOOD has no number for.
    """
    begun = time.monotonic()
    if not bench.deltas:
        sides = f"{question.good} {question.bad}"
        raise NothingToExplainError("GOOD and BAD do not differ", value=sides)
    work = _Investigation(bench, question, Driver(bench.outcomes, limits.budget, limits.width))
    try:
        work.run(limits.repeats, tell)
    except BudgetSpent:
        tell("the budget is spent")
    return work.document(round(time.monotonic() - begun, 2))


@dataclass
class _Investigation:
    """The work between two sides; what it has found stays readable when the budget ends it."""

    bench: Bench
    question: Question
    driver: Driver
    findings: Findings = field(default_factory=Findings)
    chain: Chain = NOT_ASKED
    shares: SharesRow | None = None
    claims: dict[Names, tuple[ClaimRow, ...]] = field(default_factory=dict)
    repeated: int = 0
    complete: bool = False

    def run(self, repeats: int, tell: Callable[[str], None]) -> None:
        """Check the ends, splice, find causes and what is hidden, divide shares, confirm; raises BudgetSpent."""
        names = [delta.name for delta in self.bench.deltas]
        self._check_ends(frozenset(names))
        tell("stages: GOOD's first ones into BAD's rest")
        self.chain = self.bench.chain(tell)
        tell("causes")
        self.driver.run(find_all(names, self.findings, self._near()))
        tell("shares of the factors")
        self.shares = self.driver.run(factorial(self.findings, self.bench.number))
        tell("confirmation")
        self._confirm(frozenset(names), repeats)
        self.complete = True

    def _check_ends(self, whole: Subset) -> None:
        """Raise unless GOOD passes and BAD fails."""
        ends = self.driver.answer(Ask((NOTHING, whole), "GOOD and BAD"))
        if ends[0] is Outcome.UNRESOLVED:
            raise self.bench.unreadable()
        for outcome, wanted, name, words, subset in (
            (ends[0], Outcome.PASS, "GOOD", self.question.good, NOTHING),
            (ends[1], Outcome.FAIL, "BAD", self.question.bad, whole),
        ):
            if outcome is not wanted:
                number = self.bench.number(subset)
                said = {
                    Outcome.FAIL: "it shows the symptom",
                    Outcome.PASS: "the symptom is not there",
                }
                unread = "the symptom cannot be read from its run"
                raise NothingToExplainError(
                    f"{name} does not {wanted.value}: {said.get(outcome or wanted, unread)}",
                    value=words if number is None else f"{words}: {number:.6g}",
                    limit=self.question.symptom,
                    source=name,
                    next_step="name a GOOD without the symptom and a BAD with it",
                )

    def _near(self) -> Near:
        """Where to look first: the faults of the stage where the splice flips, then whatever acts there."""
        stages = self.chain.row.stages
        names = [name for stage in stages for name in acting_at(self.bench.deltas, stage)]
        return ([name for name in names if name.startswith(FAULT)], names)

    def _confirm(self, whole: Subset, repeats: int) -> None:
        found = self.findings
        claims = {cause: claims_of_cause(cause, found, whole) for cause in found.causes}
        for one in found.masked:
            claims[one.members] = claims_of_masked(one, found, self.driver.known)
        wanted = [claim.subset for group in claims.values() for claim in group]
        own = self.driver.run(every(wanted, "confirmation"))
        again = self.bench.repeated(list(own), repeats)
        self.repeated = sum(len(runs) for runs in again.values())

        def beside(claim: Claim) -> ClaimRow:
            number = self.bench.number(claim.subset)
            first = SeedRun(seed=None, outcome=own[claim.subset], number=number)
            return claim.beside([first, *again[claim.subset]])

        self.claims = {members: tuple(map(beside, group)) for members, group in claims.items()}

    def document(self, seconds: float) -> Explanation:
        """Return the explanation."""
        found, ask, driver = self.findings, self.question, self.driver
        causes = tuple(CauseRow(**self._cause(members)) for members in found.causes)
        masked = tuple(
            MaskedRow(
                **self._cause(one.members),
                maskers=one.maskers,
                with_maskers=self._ended((*one.members, *one.maskers)),
                lacking=exposing(one, found, driver.known)[1],
            )
            for one in found.masked
        )
        proven = all(one.confirmed == "both ways" for one in (*causes, *masked))
        best = None if self.complete else driver.best(found.causes)
        looked = f"The budget ended the search while it looked for {found.stage}."
        stages = self.chain.row.stages
        return Explanation(
            status="incomplete" if not self.complete else "explained" if proven else "one way",
            cause=tuple(found.causes),
            stage=stages[0] if len(stages) == 1 else None,
            good=ask.good,
            bad=ask.bad,
            symptom=ask.symptom,
            number=ask.path,
            limit=ask.limit,
            differences=tuple(map(self._difference, self.bench.deltas)),
            causes=causes,
            masked=masked,
            mended=tuple(sorted(found.repaired or ())),
            best_so_far=None if best is None else tuple(sorted(best)),
            stages=self.chain.row,
            shares=self.shares,
            runs=Spent(
                search=driver.runs,
                repeats=self.repeated,
                splices=self.chain.runs,
                not_cached=self.bench.made,
                one_at_a_time=2 * len(self.bench.deltas),
            ),
            seconds=seconds,
            cpu_seconds=round(self.bench.cpu_seconds + self.chain.cpu_seconds, 2),
            trace=tuple(
                Step(
                    run=step.number,
                    taken_over=tuple(sorted(step.subset)),
                    outcome=step.outcome,
                    number=self.bench.number(step.subset),
                    why=step.why,
                )
                for step in driver.steps
            ),
            notes=() if self.complete else (looked,),
        )

    def _ended(self, members: Sequence[str] | Subset) -> Run | None:
        subset = frozenset(members)
        if subset not in self.driver.known:
            return None
        return Run(outcome=self.driver.known[subset], number=self.bench.number(subset))

    def _cause(self, members: Names) -> dict[str, Any]:
        claims = self.claims.get(members, ())
        row = {"members": members, "alone": self._ended(members)}
        return {**row, "confirmed": settled(claims), "claims": claims}

    def _difference(self, one: Difference) -> Difference:
        mended = self.findings.repaired or NOTHING
        left_out = self._ended(mended - {one.name}) if one.name in mended else None
        return one.model_copy(update={"alone": self._ended((one.name,)), "left_out": left_out})
