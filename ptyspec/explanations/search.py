"""The runs of a search: each made once, several at a time, no more than the budget allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.render.table import show

Names = tuple[str, ...]
Subset = frozenset[str]
"""Names of the differences that GOOD takes over from BAD: none of them is GOOD, all of them are BAD."""
NOTHING: Subset = frozenset()


class Outcome(Enum):
    """What the symptom says of one run."""

    PASS = "pass"
    FAIL = "fail"
    UNRESOLVED = "unresolved"
    """No such run exists (the settings contradict each other) or the symptom cannot be read from it."""


WORDS = {Outcome.PASS: "passes", Outcome.FAIL: "fails", Outcome.UNRESOLVED: "has no result"}


class Run(Record):
    """How one run ended, and the symptom's number."""

    outcome: Outcome
    number: Number = None

    def text(self) -> str:
        """Return it in words, such as `fails at 0.559`."""
        return WORDS[self.outcome] + ("" if self.number is None else f" at {show(self.number)}")


class Step(Run):
    """One run of the search."""

    run: int
    taken_over: Names
    why: str


class BudgetSpent(Exception):  # noqa: N818  # not an error: the search ends with what it has
    """The search would need more runs than it was allowed."""


@dataclass
class Search:
    """Asks for runs; the answers stay, so that no run is made twice.

    - oracle: makes runs, side by side where it can, and says how each ended.
    - budget: distinct runs that may be made, None for as many as needed; BudgetSpent is raised before the next one.
    - width: runs that the oracle is given at a time where not all of them may be needed.
    - groups: names that stand for several members in what is asked.
    """

    oracle: Callable[[Sequence[Subset]], Sequence[Run]]
    budget: int | None = None
    width: int = 1
    groups: Mapping[str, Names] = field(default_factory=dict)
    known: dict[Subset, Step] = field(default_factory=dict)

    def grouped(self, groups: Mapping[str, Names]) -> Search:
        """Return the same search, in whose questions these names stand for their members."""
        return replace(self, groups=groups)

    def ask(
        self,
        subsets: Iterable[Iterable[str]],
        why: str,
        wanted: Outcome | None = None,
        needed: int | None = None,
    ) -> list[Outcome | None]:
        """Return how these runs end, the most telling first; None where a run was not needed.

        - wanted: no run is needed after one that ends so.
        - needed: so many of them; the others are likely to be asked next, and made where a process would be idle.
        """
        asked = [
            frozenset(n for name in one for n in self.groups.get(name, (name,))) for one in subsets
        ]
        fresh = [subset for subset in dict.fromkeys(asked) if subset not in self.known]
        must = set(asked[:needed]).intersection(fresh)
        step = max(1, len(fresh) if wanted is None else self.width)
        for at in range(0, len(fresh), step):
            ended = wanted is not None and wanted in map(self._outcome, asked)
            if ended or not must.intersection(fresh[at:]):
                break
            self._make(fresh[at : at + step], why)
        return [self._outcome(subset) for subset in asked]

    def one(self, subset: Iterable[str], why: str) -> Outcome | None:
        """Return how a single run ends."""
        return self.ask((subset,), why)[0]

    def first(self, subsets: Iterable[Iterable[str]], why: str, wanted: Outcome) -> int | None:
        """Return the place of the first of some runs that ends as `wanted`, or None."""
        answer = self.ask(subsets, why, wanted)
        return answer.index(wanted) if wanted in answer else None

    def best(self, causes: Sequence[Iterable[str]] = ()) -> Subset | None:
        """Return the smallest failing subset so far that holds none of the known causes."""
        failing = (subset for subset, run in self.known.items() if run.outcome is Outcome.FAIL)
        fresh = (one for one in failing if not any(one.issuperset(cause) for cause in causes))
        return min(fresh, key=len, default=None)

    def _outcome(self, subset: Subset) -> Outcome | None:
        return self.known[subset].outcome if subset in self.known else None

    def _make(self, subsets: Sequence[Subset], why: str) -> None:
        left = None if self.budget is None else max(0, self.budget - len(self.known))
        allowed = subsets[:left]
        for subset, run in zip(allowed, self.oracle(allowed) if allowed else (), strict=True):
            taken_over, number = tuple(sorted(subset)), len(self.known) + 1
            told = {"run": number, "taken_over": taken_over, "why": why}
            self.known[subset] = Step(outcome=run.outcome, number=run.number, **told)
        if len(allowed) < len(subsets):
            raise BudgetSpent
