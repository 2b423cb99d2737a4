"""Intervals of a difference between paired arms, and how many pairs would settle what they leave open.

One interval of confidence 1 - alpha serves both verdicts: wholly beyond the margin, or wholly within it. A true
difference at the very margin makes either wrong; each happens with alpha / 2 at most, so that a wrong verdict of any kind
happens with alpha at most. Wholly within is the two one-sided tests (TOST), each at alpha / 2.
A bootstrap is not used: of three to ten pairs it gives intervals that are too short (`python -m benchmarks verdicts`).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

MOST = 1000
"""Pairs beyond which more of the same is no plan."""


@dataclass(frozen=True)
class Interval:
    """A mean difference and what it may be."""

    value: float
    low: float
    high: float

    def beyond(self, margin: float, direction: str = "either") -> bool:
        """Whether all of it lies beyond the margin, on the side that is named."""
        return (self.low > margin and direction != "down") or (
            self.high < -margin and direction != "up"
        )

    def within(self, margin: float) -> bool:
        """Whether all of it lies within the margin."""
        return -margin < self.low and self.high < margin


Intervals = Callable[[Sequence[float], float], Interval]
"""From differences and alpha to the interval."""


def student(differences: Sequence[float], alpha: float) -> Interval:
    """Return Student's interval of the mean of at least two differences; a point where they are equal."""
    from scipy.special import stdtrit

    values = np.asarray(differences, float)
    n, mean = len(values), float(values.mean())
    spread = 0.0 if np.ptp(values) <= 1e-12 * np.abs(values).max() else float(values.std(ddof=1))
    # The lower tail: 1 - alpha / 2 is 1 where alpha is small.
    half = -float(stdtrit(n - 1, alpha / 2)) * spread / math.sqrt(n) if spread else 0.0
    return Interval(mean, mean - half, mean + half)


def span(differences: Sequence[float], alpha: float) -> Interval:
    """Return the span of all differences, of an experiment without chance."""
    return Interval(float(np.mean(differences)), min(differences), max(differences))


def rates(differences: Sequence[float], alpha: float) -> Interval:
    """Return the exact interval of a difference of two rates, from pairs of 0 or 1 (differences -1, 0, 1).

    Clopper and Pearson's limits for the rate of pairs that differ one way and for that of the others, each tail at
    alpha / 4, so that both hold together (Bonferroni); never more than that both rates leave each other.
    """
    n = len(differences)
    up, down = sum(value > 0 for value in differences), sum(value < 0 for value in differences)
    up_low, up_high = clopper_pearson(up, n, alpha / 4)
    down_low, down_high = clopper_pearson(down, n, alpha / 4)
    low, high = up_low - min(down_high, 1 - up_low), min(up_high, 1 - down_low) - down_low
    return Interval((up - down) / n, low, high)


def rate(values: Sequence[float], alpha: float, constant: float) -> Interval:
    """Return the exact interval of a rate less a constant, each tail at alpha / 2."""
    hits = sum(value > 0.5 for value in values)
    low, high = clopper_pearson(hits, len(values), alpha / 2)
    return Interval(hits / len(values) - constant, low - constant, high - constant)


def clopper_pearson(hits: int, n: int, tail: float) -> tuple[float, float]:
    """Return the rates at which so few, and so many, hits would have the probability `tail`."""
    from scipy.special import betainccinv, betaincinv

    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(betainccinv(hits + 1, n - hits, tail))
    return low, high


def smallest_alpha(decided: Callable[[float], bool]) -> float:
    """Return the smallest alpha (the p-value) at which the interval still decides so; 1 where none does."""
    if not decided(1 - 1e-9):
        return 1.0
    low, high = -300.0, 0.0  # of the decimal logarithm
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if decided(min(10.0**middle, 1 - 1e-9)) else (middle, high)
    return 0.0 if high < -250 else float(10.0**high)


def pairs_needed(
    differences: Sequence[float], margin: float, alpha: float, power: float
) -> int | None:
    """Return how many pairs would settle it with this power, were mean and spread as observed; None beyond MOST.

    A mean within the margin is to be shown within, one beyond it beyond; near the margin no number settles it.
    """
    from scipy.special import stdtrit

    values = np.asarray(differences, float)
    room, spread = abs(abs(float(values.mean())) - margin), float(values.std(ddof=1))
    if spread <= 1e-12 * np.abs(values).max():
        return None
    inside = abs(float(values.mean())) < margin
    share = (1 + power) / 2 if inside else power  # two sides have to hold, or one
    for n in range(len(values) + 1, MOST + 1):
        if (stdtrit(n - 1, 1 - alpha / 2) + stdtrit(n - 1, share)) * spread <= room * math.sqrt(n):
            return n
    return None


def repeats_needed(
    differences: Sequence[float],
    decide: Callable[[Interval], bool],
    alpha: float,
    interval: Intervals,
) -> int | None:
    """Return how many pairs of 0 or 1 would settle it, were their shares as observed; None beyond MOST."""
    n, signs = len(differences), [(value > 0) - (value < 0) for value in differences]
    for many in range(n + 1, MOST + 1):
        ups, downs = (round(signs.count(sign) / n * many) for sign in (1, -1))
        likely = [1.0] * ups + [-1.0] * downs + [0.0] * max(0, many - ups - downs)
        if decide(interval(likely, alpha)):
            return many
    return None
