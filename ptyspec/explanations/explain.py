"""From GOOD, BAD and a symptom to an explanation: ends, stage, causes, shares, confirmation, in this order."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ptyspec.errors import PtyspecError
from ptyspec.explanations import causes
from ptyspec.explanations.explanation import (
    CauseRow,
    ChainRow,
    ClaimRow,
    Explanation,
    MaskedRow,
    SeedRun,
    SharesRow,
    acting_at,
)
from ptyspec.explanations.laboratory import Bench
from ptyspec.explanations.search import NOTHING, BudgetSpent, Names, Outcome, Search
from ptyspec.runs.run_spec import FAULT

FAIL, PASS = Outcome.FAIL, Outcome.PASS


class NothingToExplainError(PtyspecError):
    """GOOD shows the symptom, BAD does not, or they do not differ."""


class SearchInterruptedError(PtyspecError):
    """The user stopped the search; what was run is kept."""

    exit_code = 3


class Question(NamedTuple):
    """What is asked: names of both sides, and the symptom as written."""

    good: str
    bad: str
    symptom: str


def explain(
    bench: Bench, question: Question, budget: int | None = None, repeats: int = 3
) -> Explanation:
    """Return why BAD shows the symptom and GOOD does not.

    - budget: runs of the search, None for as many as it needs; repeats: other training seeds of each claim.

    Raises NothingToExplainError unless GOOD passes and BAD fails, ConfigError for a symptom that GOOD has no number for.
    """
    begun = time.monotonic()
    names = [delta.name for delta in bench.deltas]
    if not names:
        sides = f"{question.good} {question.bad}"
        raise NothingToExplainError("GOOD and BAD do not differ", value=sides)
    found = causes.Findings(Search(bench.runs, budget, bench.processes), names)
    work = _Investigation(bench, question, found)
    try:
        work.run(repeats)
    except BudgetSpent:
        bench.tell("the budget is spent")
    return work.document(round(time.monotonic() - begun, 2))


@dataclass
class _Investigation:
    """The work between two sides; what it has found stays readable when the budget ends it."""

    bench: Bench
    question: Question
    found: causes.Findings
    chain: ChainRow = field(default=ChainRow(reason="the budget was spent before"))
    shares: SharesRow | None = None
    claims: dict[Names, tuple[ClaimRow, ...]] = field(default_factory=dict)
    repeated: int = 0
    complete: bool = False

    def run(self, repeats: int) -> None:
        """Check the ends, splice, find causes and what is hidden, divide shares, confirm; raises BudgetSpent."""
        search, whole = self.found.search, frozenset(self.found.members)
        known, tell, ask = search.known, self.bench.tell, self.question
        search.ask((NOTHING, whole), "GOOD and BAD")
        if known[NOTHING].outcome is Outcome.UNRESOLVED:
            raise self.bench.unreadable()
        for wanted, name, subset in ((PASS, "GOOD", NOTHING), (FAIL, "BAD", whole)):
            if known[subset].outcome is not wanted:
                raise NothingToExplainError(
                    f"{name} does not {wanted.value}: it {known[subset].text()}",
                    value=ask.good if name == "GOOD" else ask.bad,
                    limit=ask.symptom,
                    source=name,
                    next_step="name a GOOD without the symptom and a BAD with it",
                )
        tell("stages: GOOD's first ones into BAD's rest")
        self.chain = self.bench.chain(known[whole], known[NOTHING])
        tell("causes")
        # Where to look first: the faults of the stage where the splice flips, then whatever acts there.
        stages = self.chain.stages
        near = [name for stage in stages for name in acting_at(self.bench.deltas, stage)]
        self.found.near = ([name for name in near if name.startswith(FAULT)], near)
        self.found.find_all()
        tell("shares of the factors")
        self.shares = causes.factorial(self.found)
        tell("confirmation")
        self._confirm(repeats)
        self.complete = True

    def _confirm(self, repeats: int) -> None:
        """Make the runs of every claim, with the seed at hand and with others."""
        found, search = self.found, self.found.search
        claims = {cause: causes.claims_of_cause(cause, found) for cause in found.causes}
        claims |= {one.members: causes.claims_of_masked(one, found) for one in found.masked}
        wanted = [frozenset(claim.taken_over) for group in claims.values() for claim in group]
        search.ask(wanted, "confirmation")
        again = self.bench.repeated(list(dict.fromkeys(wanted)), repeats)
        self.repeated = sum(len(runs) for runs in again.values())

        def beside(claim: ClaimRow) -> ClaimRow:
            """Return a claim beside its runs, all of which must end as claimed."""
            subset = frozenset(claim.taken_over)
            own = search.known[subset]
            first = SeedRun(seed=None, outcome=own.outcome, number=own.number)
            runs = (first, *again[subset])
            holds = all(run.outcome is claim.expected for run in runs)
            return claim.model_copy(update={"runs": runs, "holds": holds})

        self.claims = {members: tuple(map(beside, group)) for members, group in claims.items()}

    def document(self, seconds: float) -> Explanation:
        """Return the explanation."""
        found, search, stages = self.found, self.found.search, self.chain.stages

        def row(members: Names) -> dict[str, Any]:
            claims: Sequence[ClaimRow] = self.claims.get(members, ())
            return {"members": members, "confirmed": causes.settled(claims), "claims": claims}

        visible = [CauseRow(**row(members)) for members in found.causes]
        masked = [
            MaskedRow(**row(one.members), maskers=one.maskers, lacking=causes.lacking(one, found))
            for one in found.masked
        ]
        proven = all(one.confirmed == "both ways" for one in (*visible, *masked))
        best = None if self.complete else search.best(found.causes)
        looked = f"The budget ended the search while it looked for {found.stage}."
        return Explanation(
            status="incomplete" if not self.complete else "explained" if proven else "one way",
            cause=found.causes,
            stage=stages[0] if len(stages) == 1 else None,
            **self.question._asdict(),
            differences=self.bench.deltas,
            causes=visible,
            masked=masked,
            mended=sorted(found.repaired or ()),
            best_so_far=None if best is None else sorted(best),
            stages=self.chain,
            shares=self.shares,
            runs={
                "search": len(search.known),
                "repeats": self.repeated,
                "splices": sum(one.how == "run" for one in self.chain.splices),
                "not_cached": self.bench.made,
            },
            seconds=seconds,
            trace=tuple(search.known.values()),
            notes=() if self.complete else (looked,),
        )
