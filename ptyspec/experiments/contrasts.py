"""One contrast over its pairs: the mean difference, its interval, and whether it is what the claim predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
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


def state_of(compared: Contrast | Control, interval: Interval) -> State:
    """Return what this interval means for what is expected."""
    inside, outside = interval.within(compared.margin), interval.beyond(compared.margin)
    if compared.expect == "within":
        return "as claimed" if inside else "refuted" if outside else "undecided"
    if interval.beyond(compared.margin, compared.direction):
        return "as claimed"
    return "refuted" if inside else "other way" if outside else "undecided"


def judged(
    compared: Contrast | Control, observable: Observable, values: Values, design: Design
) -> Found:
    """Return what the pairs of one contrast or control say.

    A pair in which an arm has no value leaves the whole contrast without one: what failed is never left out.
    """
    pairs = [difference(compared, observable, values, seed) for seed in design.seeds]
    numbers = [pair for pair in pairs if not isinstance(pair, Missing)]
    missing = sorted({str(pair) for pair in pairs if isinstance(pair, Missing)})
    least = 1 if design.deterministic else LEAST_RATES if observable.outcome else LEAST
    empty = Found(
        name=compared.name,
        role=compared.role,
        expect=compared.expect,
        direction=compared.direction,
        margin=compared.margin,
        unit=f"ln {observable.unit}".strip() if observable.transform == "log" else observable.unit,
        n=len(numbers),
        interval=None,
        state="no value",
    )
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        return replace(empty, reason=missing[0] + more)
    if len(numbers) < least:
        said = f"{len(numbers)} pairs, a verdict needs {least}"
        return replace(empty, reason=said, needed_n=least)
    interval = _intervals(compared, observable, design)
    found = interval(numbers, design.alpha)
    state = state_of(compared, found)

    def said_at(alpha: float) -> bool:
        return state_of(compared, interval(numbers, alpha)) == state

    judgement = replace(empty, interval=found, state=state, said_at=said_at)
    if state != "undecided":
        return judgement
    needed = _needed(compared, observable, numbers, design, interval)
    reason = _undecided(compared.margin, found, needed, design)
    return replace(judgement, reason=reason, needed_n=needed)


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
    compared: Contrast | Control,
    observable: Observable,
    numbers: list[float],
    design: Design,
    interval: Intervals,
) -> int | None:
    if design.deterministic:
        return None
    if not observable.outcome:
        return intervals.pairs_needed(numbers, compared.margin, design.alpha, design.power)

    def decided(found: Interval) -> bool:
        return state_of(compared, found) != "undecided"

    return intervals.repeats_needed(numbers, decided, design.alpha, interval)


def _undecided(margin: float, found: Interval, needed: int | None, design: Design) -> str:
    why = f"{needed} pairs would settle it"
    if needed is None:
        why = f"more than {intervals.MOST} pairs, if any number, would settle it"
    if design.deterministic:
        why = "the seeds differ"
    return f"between {found.low:.3g} and {found.high:.3g}, the margin is {margin:g}: {why}"
