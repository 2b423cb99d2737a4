"""How much each of a few factors does: Shapley values over the full factorial, and the interactions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ptyspec.explanations.plan import Subset

MOST_FACTORS = 4


@dataclass(frozen=True)
class Shares:
    """What the factors do together, divided among them.

    - scale: `log` where every value is positive (a share of log 0.5 halves), else `difference`.
    - total: value with all factors against value with none; `share` sums to it exactly.
    - interactions: what a set of two or more factors does beyond all its smaller sets (Moebius inversion).
    """

    scale: str
    total: float
    share: Mapping[str, float]
    interactions: Mapping[tuple[str, ...], float]


def combinations_of(factors: Sequence[str]) -> list[Subset]:
    """Return every combination of the factors, the empty one first."""
    return [
        frozenset(part) for size in range(len(factors) + 1) for part in combinations(factors, size)
    ]


def shares(factors: Sequence[str], values: Mapping[Subset, float]) -> Shares:
    """Return the shares; `values` holds the observable at every combination of at most MOST_FACTORS factors."""
    scale = "log" if all(value > 0 for value in values.values()) else "difference"
    worth = {part: math.log(value) if scale == "log" else value for part, value in values.items()}
    share = {name: _shapley(name, factors, worth) for name in factors}
    beyond = {
        part: _moebius(frozenset(part), worth)
        for size in range(2, len(factors) + 1)
        for part in combinations(factors, size)
    }
    return Shares(scale, worth[frozenset(factors)] - worth[frozenset()], share, beyond)


def _shapley(name: str, factors: Sequence[str], worth: Mapping[Subset, float]) -> float:
    """Mean of what the factor adds, over all orders in which factors can be put in."""
    others, count = [other for other in factors if other != name], len(factors)
    return math.fsum(
        math.factorial(size)
        * math.factorial(count - size - 1)
        / math.factorial(count)
        * (worth[frozenset((*part, name))] - worth[frozenset(part)])
        for size in range(count)
        for part in combinations(others, size)
    )


def _moebius(part: Subset, worth: Mapping[Subset, float]) -> float:
    return math.fsum(
        (-1) ** (len(part) - size) * worth[frozenset(inner)]
        for size in range(len(part) + 1)
        for inner in combinations(sorted(part), size)
    )
