"""What a folder of Allure results says: how many cases ended how, and whether that is good enough."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_json

STATUSES = ("passed", "failed", "broken", "skipped", "unknown")
RED = ("failed", "broken", "unknown")


@dataclass(frozen=True)
class Results:
    """The last outcome of each case."""

    counts: Mapping[str, int]
    red: tuple[str, ...]
    """Names of the cases that failed and are not known."""
    known: tuple[str, ...] = ()
    """Names of the cases that failed, as a known issue says they do."""
    shared: tuple[str, ...] = field(default=())
    """Cases that share their history with a case of another name: one of the two would not be seen."""

    @property
    def total(self) -> int:
        """Number of cases."""
        return sum(self.counts.values())


def read_results(folder: Path, known: Sequence[Mapping[str, Any]] = ()) -> Results:
    """Return what `folder` holds; `known` are rules of Allure's `resolutions`, of which `messageRegexp` is read.

    Raises InputFileError where there is no result.
    """
    rows: dict[str, dict[str, Any]] = {}
    names: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*-result.json")):
        row = read_json(path)
        key = row.get("historyId", row["uuid"])
        names.setdefault(key, set()).add(f"{row.get('fullName', '')} {row['name']}")
        if key not in rows or row.get("start", 0) >= rows[key].get(
            "start", 0
        ):  # a repeated case counts once
            rows[key] = row
    if not rows:
        raise InputFileError(
            "this folder holds no results of Allure",
            value=folder,
            limit="*-result.json",
            next_step=f"pytest --alluredir={folder}",
        )
    return _summed(
        rows.values(), [rule["messageRegexp"] for rule in known if rule.get("messageRegexp")], names
    )


def _summed(
    rows: Iterable[dict[str, Any]], patterns: Sequence[str], names: Mapping[str, set[str]]
) -> Results:
    counts = dict.fromkeys(STATUSES, 0)
    red: list[str] = []
    expected: list[str] = []
    for row in rows:
        status = row.get("status", "unknown")
        counts[status if status in counts else "unknown"] += 1
        if status in RED:
            message = (row.get("statusDetails") or {}).get("message", "")
            (expected if any(re.search(one, message) for one in patterns) else red).append(
                row["name"]
            )
    shared = sorted(name for group in names.values() if len(group) > 1 for name in group)
    return Results(counts, tuple(sorted(red)), tuple(sorted(expected)), tuple(shared))


def breaches(results: Results, max_failures: int, min_cases: int) -> list[str]:
    """Return what the quality gate does not let pass; empty where all is well."""
    found = []
    if len(results.red) > max_failures:
        some = ", ".join(results.red[:3]) + (" ..." if len(results.red) > 3 else "")
        found.append(f"{len(results.red)} cases failed, at most {max_failures} may: {some}")
    if results.total < min_cases:
        found.append(f"{results.total} cases ran, at least {min_cases} must")
    if results.shared:
        found.append(
            f"cases share one history, and only one of them is shown: {', '.join(results.shared[:4])}"
        )
    return found
