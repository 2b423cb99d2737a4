"""The distance between what was observed and what was approved: numbers one by one, arrays by their worst element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.testing.golden.content import Numbers
from ptyspec.testing.golden.tolerance import Tolerance

ULP_LIMITS = (0, 1, 4, 16, 256, 65536, 2**24)
"""Upper limits of the histogram's bins in units in the last place; the last bin has none."""


@dataclass(frozen=True)
class Row:
    """One number or fact beside its golden value."""

    key: str
    golden: Any
    observed: Any
    limit: float | None
    source: str
    agrees: bool

    def __str__(self) -> str:
        if self.limit is None or self.golden is None or self.observed is None:
            return f"{self.key}: observed {self.observed!r}, golden {self.golden!r} ({self.source})"
        off = abs(self.observed - self.golden)
        return f"{self.key}: observed {self.observed!r}, golden {self.golden!r}, off by {off:.3g}, allowed {self.limit:.3g} ({self.source})"


def compare_numbers(golden: Numbers, observed: Numbers) -> list[Row]:
    """Return a row a key of either; a key that only one has, and a changed tolerance, do not agree."""
    rows = [
        _number(key, golden, observed) for key in dict.fromkeys([*golden.values, *observed.values])
    ]
    for key in dict.fromkeys([*golden.facts, *observed.facts]):
        a, b = golden.facts.get(key, "absent"), observed.facts.get(key, "absent")
        rows.append(Row(key, a, b, None, "exact", a == b and type(a) is type(b)))
    return rows


def _number(key: str, golden: Numbers, observed: Numbers) -> Row:
    if key not in golden.values or key not in observed.values:
        absent = "not in the golden file" if key not in golden.values else "no longer observed"
        return Row(key, golden.values.get(key), observed.values.get(key), None, absent, False)
    stated, approved = observed.tolerances[key], golden.tolerances[key]
    a, b = golden.values[key], observed.values[key]
    if stated != approved:
        return Row(key, a, b, None, f"the case states {stated}, approved is {approved}", False)
    limit = approved.allowed(a)
    return Row(key, a, b, limit, approved.source, abs(b - a) <= limit)


@dataclass(frozen=True)
class ArrayDifference:
    """How an observed array lies to its golden one; NaN beside NaN is equal, beside a number it is `nan_moved`."""

    max_abs: float
    max_rel: float
    outside: int
    nan_moved: int
    size: int
    ulps: dict[str, int]

    @property
    def agrees(self) -> bool:
        """Whether every element is within its tolerance."""
        return not (self.outside or self.nan_moved)


def compare_arrays(golden: Array, observed: Array, tolerance: Tolerance) -> ArrayDifference:
    """Return the difference of two arrays of one shape and dtype."""
    a, b = np.asarray(golden), np.asarray(observed)
    lost = np.isnan(a) != np.isnan(b) if a.dtype.kind in "fc" else np.zeros(a.shape, bool)
    both = np.isfinite(a) & np.isfinite(b) if a.dtype.kind in "fc" else np.ones(a.shape, bool)
    size = np.abs(a[both].astype(complex))
    error = np.abs(b[both].astype(complex) - a[both].astype(complex))
    relative = error[size > 0] / size[size > 0]
    return ArrayDifference(
        max_abs=float(error.max(initial=0.0)),
        max_rel=float(relative.max(initial=0.0)),
        outside=int((error > tolerance.atol + tolerance.rtol * size).sum()),
        nan_moved=int(lost.sum()),
        size=a.size,
        ulps=ulp_histogram(a[both], b[both]),
    )


def ulp_histogram(a: Array, b: Array) -> dict[str, int]:
    """Return how many values lie how many representable numbers apart; complex values count twice, integers not."""
    if a.dtype.kind == "c":
        a, b = (np.ascontiguousarray(x).view(x.real.dtype) for x in (a, b))
    if a.dtype.kind != "f":
        return {}
    steps = _steps(_ordered(a), _ordered(b))
    edges = [-1, *ULP_LIMITS, np.inf]
    counts: dict[str, int] = {}
    for low, high in pairwise(edges):
        counts[_bin(low, high)] = int(((steps > low) & (steps <= high)).sum())
    return counts


def _ordered(values: Array) -> Array:
    """Return floats as whole numbers in their order, so that neighbours differ by one."""
    width = 8 * values.dtype.itemsize
    bits = np.ascontiguousarray(values).view(f"i{width // 8}").astype(np.int64)
    return np.where(bits < 0, -(2 ** (width - 1)) - bits, bits)


def _steps(a: Array, b: Array) -> Array:
    """Return |a - b|: exact, save where it would not fit 64 bits, which only opposite signs reach."""
    rough = np.abs(a.astype(np.float64) - b.astype(np.float64))
    return np.where(rough > 2.0**62, rough, np.abs(a - b))


def _bin(low: float, high: float) -> str:
    if high == np.inf:
        return f"> {low:.0f}"
    return f"{high:.0f}" if high - low == 1 else f"{low + 1:.0f}-{high:.0f}"


def shape_and_dtype(golden: Mapping[str, Array], observed: Mapping[str, Array]) -> list[str]:
    """Return a line a key that only one side has, or that has another shape or dtype."""
    lines = [
        f"{key}: only {'golden' if key in golden else 'observed'}"
        for key in sorted(set(golden) ^ set(observed))
    ]
    for key in sorted(set(golden) & set(observed)):
        a, b = (f"{x.dtype}{list(x.shape)}" for x in (golden[key], np.asarray(observed[key])))
        if a != b:
            lines.append(f"{key}: observed {b}, golden {a}")
    return lines
