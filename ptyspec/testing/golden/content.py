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
    """The content of a golden JSON file: numbers, each with its tolerance, and facts that are equal or wrong."""

    values: dict[str, float]
    tolerances: dict[str, Tolerance]
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what the file holds."""
        rows = {
            key: {"value": value, **asdict(self.tolerances[key])}
            for key, value in self.values.items()
        }
        return {"numbers": rows} | ({"facts": self.facts} if self.facts else {})


def plain_numbers(
    values: Mapping[str, SupportsFloat], facts: Mapping[str, Any]
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return values as Python's numbers and facts as JSON; GoldenError for NaN, infinity, or what is not a number."""
    numbers: dict[str, float] = {}
    for key, value in values.items():
        number = (
            value if isinstance(value, int) and not isinstance(value, bool) else _float(key, value)
        )
        if not math.isfinite(number):
            raise GoldenError(
                f"golden number {key} is not finite",
                value=number,
                next_step="record it as a fact: None",
            )
        numbers[key] = number
    return numbers, {key: _json(value) for key, value in facts.items()}


def _float(key: str, value: SupportsFloat) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise GoldenError(
            f"golden number {key} is not a number", value=value, next_step="give it in facts="
        ) from error


def _json(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_json(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def read_numbers(path: Path) -> Numbers:
    """Read a golden JSON file; GoldenError where a number lacks its tolerance, InputFileError for no JSON."""
    found = read_json(path)
    try:
        rows = found["numbers"]
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
    return Numbers(values, tolerances, dict(found.get("facts", {})))


def write_numbers(path: Path, numbers: Numbers) -> None:
    """Write a golden JSON file."""
    with atomic_file(path) as file:
        file.write(to_json(numbers.as_json(), path.name).encode())


def read_arrays(path: Path) -> dict[str, Array]:
    """Read the arrays of a golden NPZ file; it never holds objects."""
    with np.load(path, allow_pickle=False) as found:
        return {key: found[key] for key in found.files}


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write a golden NPZ file; equal arrays give equal bytes."""
    with atomic_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **dict(arrays))
