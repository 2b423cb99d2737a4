"""One contrast over its pairs: the mean difference, its interval, and whether it is what the claim predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Literal

from ptyspec.experiments import intervals
from ptyspec.experiments.hypothesis import Compared, Contrast, Control, Design, Observable
from ptyspec.experiments.intervals import Interval, Intervals
from ptyspec.experiments.measured import Missing, Values, transformed

LEAST = 3
"""Pairs below which a spread says nothing."""
LEAST_RATES = 5
"""The same for what happens in some runs and not in others (EVID-010)."""
State = Literal["as claimed", "refuted", "other way", "undecided", "no value"]


@dataclass(frozen=True)
class Found:
    """What a contrast came to.

    - state: `as claimed`; `refuted`, the opposite is shown; `other way`, beyond the margin on the side that is not
      claimed; `undecided`, the interval reaches over the margin; `no value`, an arm or a pair is missing.
    - needed_n: pairs that would settle what is undecided; None where that is no plan, or nothing is.
    - p: the smallest alpha at which the same would be said; computed when it is asked for.
    """

    name: str
    role: str
    expect: str
    direction: str
    margin: float
    unit: str
    n: int
    interval: Interval | None
    state: State
    reason: str = ""
    needed_n: int | None = None
    said_at: Callable[[float], bool] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def p(self) -> float | None:
        """The smallest alpha at which the same would be said; None without a value."""
        return None if self.said_at is None else intervals.smallest_alpha(self.said_at)


@dataclass(frozen=True)
class Wanted:
    """A difference and the side on which it is expected."""

    compared: Compared
    role: str
    expect: str
    direction: str

    @staticmethod
    def of(compared: Contrast | Control) -> Wanted:
        """Return what a contrast claims, or what a control must do."""
        if isinstance(compared, Control):
            expect = "beyond" if compared.kind == "positive" else "within"
            return Wanted(compared, compared.kind, expect, "either")
        return Wanted(compared, compared.role, compared.expect, compared.direction)

    def state(self, interval: Interval) -> State:
        """Return what this interval means."""
        margin = self.compared.margin
        if self.expect == "within":
            return (
                "as claimed"
                if interval.within(margin)
                else "refuted"
                if interval.beyond(margin)
                else "undecided"
            )
        if interval.beyond(margin, self.direction):
            return "as claimed"
        return (
            "refuted"
            if interval.within(margin)
            else "other way"
            if interval.beyond(margin)
            else "undecided"
        )


def judged(
    compared: Contrast | Control, observable: Observable, values: Values, design: Design
) -> Found:
    """Return what the pairs of one contrast or control say.

    A pair in which an arm has no value leaves the whole contrast without one: what failed is never left out.
    """
    wanted = Wanted.of(compared)
    pairs = [difference(compared, observable, values, seed) for seed in design.seeds]
    numbers = [pair for pair in pairs if not isinstance(pair, Missing)]
    unit = f"ln {observable.unit}".strip() if observable.transform == "log" else observable.unit
    missing = sorted({str(pair) for pair in pairs if isinstance(pair, Missing)})
    least = 1 if design.deterministic else LEAST_RATES if observable.outcome else LEAST
    make = partial(
        Found,
        compared.name,
        wanted.role,
        wanted.expect,
        wanted.direction,
        compared.margin,
        unit,
        len(numbers),
    )
    if missing:
        return make(None, "no value", _several(missing))
    if len(numbers) < least:
        return make(None, "no value", f"{len(numbers)} pairs, a verdict needs {least}", least)
    interval = _intervals(compared, observable, design)
    found = interval(numbers, design.alpha)
    state = wanted.state(found)

    def said_at(alpha: float) -> bool:
        return wanted.state(interval(numbers, alpha)) == state

    needed = (
        _needed(wanted, observable, numbers, design, interval) if state == "undecided" else None
    )
    return make(
        found,
        state,
        _undecided(wanted, found, needed, design) if state == "undecided" else "",
        needed,
        said_at,
    )


def difference(
    compared: Compared, observable: Observable, values: Values, seed: int
) -> float | Missing:
    """Return first minus second at this seed, less the second difference of an interaction."""
    found = _minus(compared.minus, observable, values, seed)
    if compared.less is None or isinstance(found, Missing):
        return found
    other = _minus(compared.less, observable, values, seed)
    return other if isinstance(other, Missing) else found - other


def _minus(
    sides: tuple[str, str | float], observable: Observable, values: Values, seed: int
) -> float | Missing:
    sought = [
        values.get(side, {}).get(seed, Missing(f"{side}, seed {seed}: not run"))
        if isinstance(side, str)
        else transformed(side, observable, "the constant")
        for side in sides
    ]
    first, second = sought
    if isinstance(first, Missing):
        return first
    return second if isinstance(second, Missing) else first - second


def _intervals(compared: Compared, observable: Observable, design: Design) -> Intervals:
    """Return which interval these differences have."""
    if design.deterministic:
        return intervals.span
    if not observable.outcome or compared.less is not None:
        return intervals.student
    constant = compared.minus[1]
    if isinstance(constant, str):
        return intervals.rates
    # Differences are value - constant: given back their constant, they are 0 or 1 again.
    return lambda differences, alpha: intervals.rate(
        [one + constant for one in differences], alpha, constant
    )


def _needed(
    wanted: Wanted,
    observable: Observable,
    numbers: list[float],
    design: Design,
    interval: Intervals,
) -> int | None:
    if design.deterministic:
        return None
    margin = wanted.compared.margin
    if not observable.outcome:
        return intervals.pairs_needed(numbers, margin, design.alpha, design.power)
    return intervals.repeats_needed(
        numbers, lambda one: wanted.state(one) != "undecided", design.alpha, interval
    )


def _undecided(wanted: Wanted, found: Interval, needed: int | None, design: Design) -> str:
    margin = wanted.compared.margin
    text = f"between {found.low:.3g} and {found.high:.3g}, the margin is {margin:g}"
    if design.deterministic:
        return f"{text}: the seeds differ"
    if needed is None:
        return f"{text}: more than {intervals.MOST} pairs, if any number, would settle it"
    return f"{text}: {needed} pairs would settle it"


def _several(texts: list[str]) -> str:
    return texts[0] + (f" (and {len(texts) - 1} more)" if len(texts) > 1 else "")
