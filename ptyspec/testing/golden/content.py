"""What a golden file holds: numbers with their tolerances and exact facts (JSON), or arrays (NPZ)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, SupportsFloat

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import read_json, to_json
from ptyspec.testing.golden.tolerance import GoldenError, Tolerance


@dataclass(frozen=True)
class Numbers:
    """A golden JSON file: numbers, each with its tolerance, and facts that are equal or wrong."""

    values: dict[str, float]
    tolerances: dict[str, Tolerance]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One number or fact beside its golden value."""

    key: str
    golden: Any
    observed: Any
    limit: float | None
    source: str
    agrees: bool

    @property
    def off(self) -> float | None:
        """The distance of two numbers; None where one is absent, or for a fact."""
        return None if self.limit is None else abs(self.observed - self.golden)

    def __str__(self) -> str:
        told = f"{self.key}: observed {self.observed!r}, golden {self.golden!r}"
        if self.off is None:
            return f"{told} ({self.source})"
        return f"{told}, off by {self.off:.3g}, allowed {self.limit:.3g} ({self.source})"


def compare_numbers(golden: Numbers, observed: Numbers) -> list[Row]:
    """Return a row a key of either; a key that only one has, and a changed tolerance, do not agree."""
    keys = dict.fromkeys([*golden.values, *observed.values])
    rows = [_number(key, golden, observed) for key in keys]
    for key in dict.fromkeys([*golden.facts, *observed.facts]):
        a, b = golden.facts.get(key, "absent"), observed.facts.get(key, "absent")
        rows.append(Row(key, a, b, None, "exact", a == b and type(a) is type(b)))
    return rows


def _number(key: str, golden: Numbers, observed: Numbers) -> Row:
    a, b = golden.values.get(key), observed.values.get(key)
    if a is None or b is None:
        absent = "not in the golden file" if a is None else "no longer observed"
        return Row(key, a, b, None, absent, False)
    stated, approved = observed.tolerances[key], golden.tolerances[key]
    if stated != approved:
        return Row(key, a, b, None, f"the case states {stated}, approved is {approved}", False)
    limit = approved.allowed(a)
    return Row(key, a, b, limit, approved.source, abs(b - a) <= limit)


def plain_numbers(
    values: Mapping[str, SupportsFloat], facts: Mapping[str, Any]
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return values as Python's numbers and facts as JSON.

    Raises GoldenError for NaN, infinity, or what is not a number.
    """
    numbers: dict[str, float] = {}
    for key, value in values.items():
        try:
            whole = isinstance(value, int) and not isinstance(value, bool)
            numbers[key] = value if whole else float(value)  # type: ignore[assignment]
        except (TypeError, ValueError) as error:
            message = f"golden number {key} is not a number"
            raise GoldenError(message, value=value, next_step="give it in facts=") from error
        if not math.isfinite(numbers[key]):
            message, next_step = f"golden number {key} is not finite", "record it as a fact: None"
            raise GoldenError(message, value=value, next_step=next_step)
    return numbers, {key: _json(value) for key, value in facts.items()}


def _json(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_json(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def read_numbers(path: Path) -> Numbers:
    """Read a golden JSON file; raises GoldenError where a number lacks its tolerance."""
    content = read_json(path)
    try:
        rows = content["numbers"]
        values = {key: row["value"] for key, row in rows.items()}
        tolerances = {
            key: Tolerance(row["atol"], row["rtol"], row["source"]) for key, row in rows.items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise GoldenError(
            "a golden number lacks its value, atol, rtol or source",
            value=error,
            source=path,
            next_step="propose and approve the file again",
        ) from error
    return Numbers(values, tolerances, dict(content.get("facts", {})))


def write_numbers(path: Path, numbers: Numbers) -> None:
    """Write a golden JSON file."""
    rows = {
        key: {"value": value, **asdict(numbers.tolerances[key])}
        for key, value in numbers.values.items()
    }
    facts = {"facts": numbers.facts} if numbers.facts else {}
    with atomic_file(path) as file:
        file.write(to_json({"numbers": rows, **facts}, path.name).encode())


def read_arrays(path: Path) -> dict[str, Array]:
    """Read the arrays of a golden NPZ file; it never holds objects."""
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write a golden NPZ file; equal arrays give equal bytes."""
    with atomic_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **dict(arrays))
