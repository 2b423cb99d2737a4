"""What a golden file holds, values with their tolerances (JSON or NPZ), and how others compare."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, SupportsFloat

import numpy as np

from ptyspec.files.disk import atomic_file
from ptyspec.files.jsonfile import read_json, to_json
from ptyspec.testing.golden.tolerance import GoldenError, Tolerance


@dataclass(frozen=True)
class Content:
    """Numbers or arrays, each with its tolerance, and facts that are equal or wrong."""

    values: Mapping[str, Any]
    tolerances: Mapping[str, Tolerance]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One value or fact beside its golden one."""

    key: str
    golden: Any
    observed: Any
    note: str
    """The source of the tolerance, or what is wrong beside the values."""
    off: float | None = None
    allowed: float = 0.0
    agrees: bool = False

    def __str__(self) -> str:
        told = f"{self.key}: observed {self.observed!r}, golden {self.golden!r}"
        if self.off is not None:
            told += f", off by {self.off:.3g}, allowed {self.allowed:.3g}"
        return f"{told} ({self.note})"


def compare(golden: Content, observed: Content) -> Iterator[Row]:
    """Yield a row a key of either; a key that only one has, and a changed tolerance, do not agree.

    Of an array the row says whether it is of the golden one's kind: its elements are left to pytest-regressions.
    """
    for key in {**golden.values, **observed.values}:
        a, b = golden.values.get(key), observed.values.get(key)
        stated, approved = observed.tolerances.get(key), golden.tolerances.get(key)
        if a is None or b is None:
            absent = f"not in the golden file; {stated}" if a is None else "no longer observed"
            yield Row(key, _shown(a), _shown(b), absent)
        elif stated is None or stated != approved:
            told = f"the case states {stated}, approved is {approved or 'no approved tolerance'}"
            yield Row(key, _shown(a), _shown(b), told)
        elif isinstance(b, np.ndarray):
            yield Row(key, _shown(a), _shown(b), "of one kind", agrees=_shown(a) == _shown(b))
        else:
            off, allowed = abs(b - a), stated.atol + stated.rtol * abs(a)
            yield Row(key, a, b, stated.source, off, allowed, off <= allowed)
    for key in {**golden.facts, **observed.facts}:
        a, b = golden.facts.get(key, "absent"), observed.facts.get(key, "absent")
        yield Row(key, a, b, "exact", agrees=a == b and type(a) is type(b))


def limits(observed: Content) -> dict[str, dict[str, float]]:
    """Return the tolerances of arrays as numpy's `isclose` takes them: whole numbers are compared exactly."""
    exact = {key for key, array in observed.values.items() if array.dtype.kind in "biu"}
    return {
        key: {"atol": 0.0, "rtol": 0.0} if key in exact else {"atol": one.atol, "rtol": one.rtol}
        for key, one in observed.tolerances.items()
    }


def steady(golden: Content, observed: Content) -> Content:
    """Return what was observed with the golden value of each that holds: proposed anew, it would wander."""
    held = {
        key: golden.values[key]
        for key, value in observed.values.items()
        if key in golden.values and _holds(golden.values[key], value, observed.tolerances[key])
    }
    return Content({**observed.values, **held}, observed.tolerances, observed.facts)


def _holds(golden: Any, observed: Any, limit: Tolerance) -> bool:
    same_kind = np.shape(golden) == np.shape(observed)
    return same_kind and np.allclose(observed, golden, limit.rtol, limit.atol, equal_nan=True)


def _shown(value: Any) -> Any:
    return f"{value.dtype}{list(value.shape)}" if isinstance(value, np.ndarray) else value


def plain(values: Mapping[str, SupportsFloat]) -> dict[str, float]:
    """Return values as Python's numbers; GoldenError for NaN and infinity."""
    numbers = {key: one if type(one) is int else float(one) for key, one in values.items()}
    for key, number in numbers.items():
        if not math.isfinite(number):
            message, next_step = f"golden number {key} is not finite", "record it as a fact: None"
            raise GoldenError(message, value=number, next_step=next_step)
    return numbers


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as JSON gives them back."""
    return dict(json.loads(to_json(dict(facts), "facts")))


def read(path: Path, tolerances: Mapping[str, Tolerance]) -> Content:
    """Read a golden file; `tolerances` are those of arrays, a JSON file carries its own.

    Raises GoldenError where a number lacks its tolerance.
    """
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            return Content({key: archive[key] for key in archive.files}, tolerances)
    content = read_json(path)
    try:
        rows = {key: dict(row) for key, row in content["numbers"].items()}
        values = {key: row.pop("value") for key, row in rows.items()}
        stated = {key: Tolerance(**row) for key, row in rows.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GoldenError(
            "a golden number lacks its value, atol, rtol or source",
            value=error,
            source=path,
            next_step="propose and approve the file again",
        ) from error
    return Content(values, stated, content.get("facts", {}))


def write(path: Path, content: Content) -> None:
    """Write a golden file; equal content gives equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        if path.suffix == ".npz":
            np.savez_compressed(file, allow_pickle=False, **dict(content.values))
            return
        rows = {
            key: {"value": value, **asdict(content.tolerances[key])}
            for key, value in content.values.items()
        }
        facts = {"facts": content.facts} if content.facts else {}
        file.write(to_json({"numbers": rows, **facts}, path.name).encode())
