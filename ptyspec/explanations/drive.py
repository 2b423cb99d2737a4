"""Answers the questions of a search: each run made once, several at a time, no more than the budget allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ptyspec.explanations.plan import Answer, Ask, Outcome, Plan, Subset, T

Oracle = Callable[[Sequence[Subset]], Sequence[Outcome]]
"""Makes runs, side by side where it can, and says how each ended."""


class BudgetSpent(Exception):  # noqa: N818  # not an error: the search ends with what it has
    """The search would need more runs than it was allowed."""


class Step(NamedTuple):
    """One run of the trace."""

    number: int
    subset: Subset
    outcome: Outcome
    why: str


@dataclass
class Driver:
    """Runs a plan to its end; the answers stay, so that later plans do not ask again.

    - budget: distinct runs that may be made, None for as many as needed; BudgetSpent is raised before the next one.
    - width: runs that the oracle is given at a time where not all of them may be needed.
    """

    oracle: Oracle
    budget: int | None = None
    width: int = 1
    known: dict[Subset, Outcome] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """Distinct runs so far."""
        return len(self.steps)

    def best(self, known: Sequence[Iterable[str]] = ()) -> Subset | None:
        """Return the smallest failing subset so far that holds none of the `known` causes."""
        fresh = [
            subset
            for subset, outcome in self.known.items()
            if outcome is Outcome.FAIL and not any(subset.issuperset(cause) for cause in known)
        ]
        return min(fresh, key=len, default=None)

    def run(self, plan: Plan[T]) -> T:
        """Return what the plan returns."""
        try:
            ask = next(plan)
            while True:
                ask = plan.send(self.answer(ask))
        except StopIteration as end:
            found: T = end.value
            return found

    def answer(self, ask: Ask) -> Answer:
        """Answer one question, in its order, and no further than it needs."""
        if ask.wanted is None or not self._ended(ask.subsets, ask.wanted):
            self._work(ask)  # else the answer is known, and free
        return [self.known.get(subset) for subset in ask.subsets]

    def _ended(self, subsets: Iterable[Subset], wanted: Outcome) -> bool:
        return any(self.known.get(subset) is wanted for subset in subsets)

    def _work(self, ask: Ask) -> None:
        must = {subset for subset in ask.subsets[: ask.needed] if subset not in self.known}
        open_ = list(dict.fromkeys(subset for subset in ask.subsets if subset not in self.known))
        step = max(1, len(open_) if ask.wanted is None else self.width)
        for at in range(0, len(open_), step):
            part = open_[at : at + step]
            if not must.intersection(open_[at:]):
                break
            self._make(part, ask.why)
            if ask.wanted is not None and self._ended(part, ask.wanted):
                break

    def _make(self, subsets: Sequence[Subset], why: str) -> None:
        allowed = subsets if self.budget is None else subsets[: max(0, self.budget - self.runs)]
        for subset, outcome in zip(allowed, self.oracle(allowed) if allowed else (), strict=True):
            self.known[subset] = outcome
            self.steps.append(Step(self.runs + 1, subset, outcome, why))
        if len(allowed) < len(subsets):
            raise BudgetSpent
