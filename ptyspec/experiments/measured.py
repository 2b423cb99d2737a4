"""From recorded numbers to what a contrast compares: products, quotients, logarithms, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ptyspec.experiments.hypothesis import Observable

if TYPE_CHECKING:
    from ptyspec.experiments.records import Evidence, Row


class Missing(str):
    """Why an arm has no value at a seed."""

    __slots__ = ()


Values = Mapping[str, Mapping[int, float | Missing]]
"""Arm to seed to value."""


def values_of(evidence: Evidence, observable: Observable) -> Values:
    """Return every arm's value at every seed, or why there is none; repeats are left to `unequal_repeats`."""
    found: dict[str, dict[int, float | Missing]] = {}
    for row in evidence.rows:
        if row.repeat == 0:
            found.setdefault(row.arm, {})[row.seed] = value_of(row, observable)
    return found


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


def unequal_repeats(evidence: Evidence) -> list[str]:
    """Return the arms of a deterministic probe whose second run gave another number, or that were not run twice."""
    first = {(row.arm, row.seed): row.values for row in evidence.rows if row.repeat == 0}
    again = {(row.arm, row.seed): row.values for row in evidence.rows if row.repeat == 1}
    return sorted(
        f"{arm}, seed {seed}"
        for (arm, seed), values in first.items()
        if again.get((arm, seed)) != values
    )
