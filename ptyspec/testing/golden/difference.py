"""What a proposal changes, as data: the content of differences.json and of the page."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.testing.golden.compare import Row, compare_arrays, compare_numbers
from ptyspec.testing.golden.content import Numbers, read_arrays, read_numbers
from ptyspec.testing.golden.manifest import MANIFEST, Entry, read_manifest
from ptyspec.testing.golden.proposal import Proposal

NOTHING = Numbers({}, {})


def differences(proposals: list[Proposal], golden: Path, out: Path) -> list[dict[str, Any]]:
    """Return a record a proposal: status, producer, environments old and new, and its values old beside new."""
    entries = read_manifest(golden) if (golden / MANIFEST).is_file() else {}
    return [_record(made, entries.get(made.name), golden, out) for made in proposals]


def _record(made: Proposal, entry: Entry | None, golden: Path, out: Path) -> dict[str, Any]:
    head = {
        "name": made.name,
        "status": made.status,
        "producer": made.producer,
        "note": made.note,
        "environment": {"old": entry.environment if entry else None, "new": made.environment},
        "approved_for": entry.reason if entry else None,
        "base_sha256": made.base,
        "sha256": made.sha256,
    }
    if made.sha256 is None:
        return head
    if made.name.endswith(".json"):
        return head | {"numbers": _numbers(made, golden, out)}
    return head | {"arrays": _arrays(made, entry, golden, out)}


def _numbers(made: Proposal, golden: Path, out: Path) -> list[dict[str, Any]]:
    old = read_numbers(golden / made.name) if made.base else NOTHING
    new = read_numbers(out / "new" / made.name)
    return [_number(row, old, new) for row in compare_numbers(old, new)]


def _number(row: Row, old: Numbers, new: Numbers) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": row.key,
        "old": row.golden,
        "new": row.observed,
        "agrees": row.agrees,
    }
    numbers = row.key in old.values and row.key in new.values
    error = abs(row.observed - row.golden) if numbers else None
    relative = error / abs(row.golden) if error is not None and row.golden else None
    limit = new.tolerances.get(row.key)
    before = old.tolerances.get(row.key)
    return found | {
        "abs": error,
        "rel": relative,
        "tolerance": limit.as_json() if limit else None,
        "tolerance_before": before.as_json() if before and before != limit else None,
        "used": error / row.limit if error is not None and row.limit else None,
    }


def _arrays(made: Proposal, entry: Entry | None, golden: Path, out: Path) -> list[dict[str, Any]]:
    old = read_arrays(golden / made.name) if made.base else {}
    new = read_arrays(out / "new" / made.name)
    before = entry.tolerances if entry else {}
    found = []
    for key in dict.fromkeys([*old, *new]):
        limit = made.tolerances.get(key)
        row: dict[str, Any] = {
            "key": key,
            "old": _kind(old.get(key)),
            "new": _kind(new.get(key)),
            "tolerance": limit.as_json() if limit else None,
            "tolerance_before": before[key].as_json()
            if key in before and before[key] != limit
            else None,
        }
        if limit is not None and row["old"] == row["new"]:
            result = compare_arrays(old[key], new[key], limit)
            row |= asdict(result) | {"agrees": result.agrees and row["tolerance_before"] is None}
        else:
            row |= {"agrees": False}
        found.append(row)
    return found


def _kind(array: Array | None) -> str | None:
    return None if array is None else f"{np.asarray(array).dtype}{list(array.shape)}"
