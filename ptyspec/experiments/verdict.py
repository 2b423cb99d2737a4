"""The verdict: what follows from evidence by rule, and why it is OPEN where nothing does.

From recorded numbers to what a contrast compares; over its pairs, to the mean difference, its interval and whether it is
what the claim predicts; from all contrasts, to the verdict.

- CONFIRMED: every effect is as claimed, and the remedies show that without the named cause it is gone. A claim that
  something makes no difference needs no remedy: all its effects lie within their margins.
- RULED OUT: the opposite is shown of every effect; for a claimed difference, equivalence within the margin. That a
  difference is "not significant" never rules anything out.
- OPEN: anything else, with the reason. There is no verdict from a probe without a positive and a negative control that
  behave, nor where a run of an arm failed.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from ptyspec.experiments import intervals
from ptyspec.experiments.hypothesis import (
    Compared,
    Contrast,
    Control,
    Design,
    Hypothesis,
    Observable,
)
from ptyspec.experiments.intervals import Interval, Intervals
from ptyspec.experiments.records import Evidence, Row, State, VerdictWord


class Missing(str):
    """Why an arm has no value at a seed."""

    __slots__ = ()


Values = Mapping[str, Mapping[int, float | Missing]]
"""Arm to seed to value."""


def value_of(row: Row, observable: Observable) -> float | Missing:
    """Return the observable of one row: a number, or what kept it from being one."""
    where = f"{row.arm}, seed {row.seed}"
    numbers = {path: row.values.get(path) for path in observable.paths}
    absent = [path for path, number in numbers.items() if number is None]
    if absent and row.outcome != "finished":
        at = f" at {row.stage}" if row.stage else ""
        reason = (row.error or "no reason is recorded").strip().splitlines()[0]
        return Missing(f"{where}: {row.outcome}{at}: {reason}")
    if absent:
        return Missing(f"{where}: no value for {', '.join(absent)}")
    known = [float(row.values[path] or 0.0) for path in observable.paths]
    split = 1 + len(observable.times)
    below = math.prod(known[split:])
    if below == 0:
        return Missing(f"{where}: {' x '.join(observable.over)} is zero")
    return transformed(math.prod(known[:split]) / below, observable, where)


def transformed(value: float, observable: Observable, where: str) -> float | Missing:
    """Return a value on the scale on which it is compared."""
    if observable.transform == "identity":
        return value
    return math.log(value) if value > 0 else Missing(f"{where}: {value:g} has no logarithm")


LEAST = 3
"""Pairs below which a spread says nothing."""
LEAST_RATES = 5
"""The same for what happens in some runs and not in others (EVID-010)."""


@dataclass(frozen=True)
class Found:
    """What a contrast came to.

    - state: `as claimed`; `refuted`, the opposite is shown; `other way`, beyond the margin on the side that is not
      claimed; `undecided`, the interval reaches over the margin; `no value`, an arm or a pair is missing.
    - needed_n: pairs that would settle what is undecided; None where that is no plan, or nothing is.
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
        """The smallest alpha at which the same would be said, computed when asked for; None without a value."""
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
        **{
            key: getattr(compared, key) for key in ("name", "role", "expect", "direction", "margin")
        },
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
    needed, why = _needed(compared, observable, numbers, design, interval)
    reason = f"between {found.low:.3g} and {found.high:.3g}, the margin is {compared.margin:g}"
    return replace(judgement, reason=f"{reason}: {why}", needed_n=needed)


def difference(
    compared: Compared, observable: Observable, values: Values, seed: int
) -> float | Missing:
    """Return first minus second at this seed, less the second difference of an interaction."""
    numbers = []
    for side in (*compared.minus, *(compared.less or ())):
        if isinstance(side, str):
            value = values.get(side, {}).get(seed, Missing(f"{side}, seed {seed}: not run"))
        else:
            value = transformed(side, observable, "the constant")
        if isinstance(value, Missing):
            return value
        numbers.append(value)
    first, second, *less = numbers
    return first - second - (less[0] - less[1] if less else 0.0)


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
) -> tuple[int | None, str]:
    """Return how many pairs would settle what is undecided, and in words."""
    if design.deterministic:
        return None, "the seeds differ"
    if observable.outcome:
        needed = intervals.repeats_needed(
            numbers, lambda one: state_of(compared, one) != "undecided", design.alpha, interval
        )
    else:
        needed = intervals.pairs_needed(numbers, compared.margin, design.alpha, design.power)
    none = f"more than {intervals.MOST} pairs, if any number,"
    many = none if needed is None else f"{needed} pairs"
    return needed, f"{many} would settle it"


CONFIRMED: Final = "CONFIRMED"
RULED_OUT: Final = "RULED OUT"
OPEN: Final = "OPEN"


@dataclass(frozen=True)
class Verdict:
    """What the evidence says.

    - blocked_by: `controls`, `arms`, `repeats`, `pairs`, `removal` or `direction`; empty where there is a verdict.
    - needs: the contrasts that the verdict rests on; none where it is OPEN.
    """

    verdict: VerdictWord
    reason: str
    blocked_by: str
    contrasts: tuple[Found, ...]
    controls: tuple[Found, ...]
    needs: tuple[Found, ...] = ()

    @property
    def p(self) -> float | None:
        """The smallest alpha at which the same would be said: the largest of the contrasts that are needed."""
        return max(one.p or 0.0 for one in self.needs) if self.needs else None

    @property
    def main(self) -> Found:
        """The first effect: the one that stands for the claim in a table."""
        return next(one for one in self.contrasts if one.role == "effect")

    @property
    def needed_n(self) -> int | None:
        """Pairs that would settle what is undecided; None where nothing is, or no number would."""
        every = (*self.contrasts, *self.controls)
        asked = [one.needed_n for one in every if one.state in ("undecided", "no value")]
        known = [needed for needed in asked if needed is not None]
        return max(known, default=None) if len(known) == len(asked) else None


def verdict(hypothesis: Hypothesis, evidence: Evidence) -> Verdict:
    """Return what follows from this evidence, and nothing else: equal evidence gives an equal verdict."""

    def found(one: Contrast | Control) -> Found:
        observable, values = hypothesis.measured(one), dict[str, dict[int, float | Missing]]()
        arms = {*one.minus, *(one.less or ())}
        for row in evidence.rows:
            if row.arm in arms and row.repeat == 0:  # repeats are left to `_obstacle`
                values.setdefault(row.arm, {})[row.seed] = value_of(row, observable)
        return judged(one, observable, values, hypothesis.design)

    contrasts = tuple(found(one) for one in hypothesis.contrast)
    controls = tuple(found(one) for one in hypothesis.control)
    blocked_by, reason = _obstacle(hypothesis, evidence, contrasts, controls)
    if blocked_by:
        return Verdict(OPEN, reason, blocked_by, contrasts, controls)
    return _concluded(contrasts, controls)


def _obstacle(
    hypothesis: Hypothesis,
    evidence: Evidence,
    contrasts: Sequence[Found],
    controls: Sequence[Found],
) -> tuple[str, str]:
    """Return what forbids any verdict, and why."""
    first, again = (
        {(row.arm, row.seed): row.values for row in evidence.rows if row.repeat == repeat}
        for repeat in (0, 1)
    )
    # Arms whose second run gave another number, or that were not run twice.
    unequal = [
        f"{arm}, seed {seed}" for (arm, seed), row in first.items() if again.get((arm, seed)) != row
    ]
    if hypothesis.design.deterministic and unequal:
        said = f"declared deterministic, and a second run gave other numbers: {min(unequal)}"
        return "repeats", said
    for kind, other in (("positive", "red"), ("negative", "green")):
        if not any(one.role == kind for one in controls):
            said = f"no {kind} control: nothing shows that the instrument can be {other}"
            return "controls", said
    for one in controls:
        if one.state != "as claimed":
            said = f"is {one.state}: {one.reason}"
            if one.interval is not None and one.state != "undecided":
                side = "within" if one.role == "positive" else "beyond"
                said = f"shows {one.interval.value:.3g}, {side} its margin {one.margin:g}"
            return "controls", f"{one.role} control {one.name!r} {said}"
    missing = [one for one in contrasts if one.state == "no value"]
    if missing:
        return "pairs" if missing[0].needed_n else "arms", f"{missing[0].name}: {missing[0].reason}"
    return "", ""


def _concluded(contrasts: tuple[Found, ...], controls: tuple[Found, ...]) -> Verdict:
    effects = [one for one in contrasts if one.role == "effect"]
    removals = [one for one in contrasts if one.role != "effect"]
    if all(one.state == "refuted" for one in effects):
        return Verdict(RULED_OUT, _told(effects), "", contrasts, controls, tuple(effects))
    unlike = [one for one in contrasts if one.state != "as claimed"]
    if not unlike and (removals or all(one.expect == "within" for one in effects)):
        return Verdict(CONFIRMED, _told(contrasts), "", contrasts, controls, contrasts)
    # Everything was measured, and the claim is neither confirmed nor ruled out: the first of these says why.
    told = ("removal", "no contrast shows that the effect goes when the named cause is taken away")
    other_way = [one for one in unlike if one.state == "other way"]
    refuted = [one for one in unlike if one.state == "refuted"]
    if other_way:
        said = "beyond the margin, and the other way than claimed: restate the claim"
        told = "direction", f"{other_way[0].name}: {said}"
    elif split := [one for one in refuted if one.role == "effect"]:
        said = "is refuted and other effects are not: the claim is too wide, split it"
        told = "effects", f"{split[0].name} {said}"
    elif refuted:
        said = "the effect is there, and taking the named cause away does not undo it"
        told = "removal", f"{refuted[0].name}: {said}"
    elif unlike:
        told = "pairs", f"{unlike[0].name}: {unlike[0].reason}"
    blocked_by, reason = told
    return Verdict(OPEN, reason, blocked_by, contrasts, controls)


def _told(found: Iterable[Found]) -> str:
    return "; ".join(
        f"{one.name}: {one.interval.value:.3g} [{one.interval.low:.3g}, {one.interval.high:.3g}], "
        f"{'within' if one.interval.within(one.margin) else 'beyond'} {one.margin:g}"
        for one in found
        if one.interval is not None
    )
