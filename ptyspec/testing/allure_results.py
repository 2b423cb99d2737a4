"""What a folder of Allure results says: how the cases ended, how the clauses stand, is it enough?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_json
from ptyspec.spec.finding import State
from ptyspec.spec.states import Standing, standing

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
    shared: tuple[str, ...] = ()
    """Cases that share their history with a case of another name: one of the two is not seen."""
    clauses: Mapping[str, Standing] = field(default_factory=dict)
    """How each clause stands that a case is bound to."""

    @property
    def total(self) -> int:
        """Number of cases."""
        return sum(self.counts.values())


def read_results(folder: Path, known: Sequence[Mapping[str, Any]] = ()) -> Results:
    """Return what `folder` holds; of `known`, Allure's `resolutions`, `messageRegexp` is read.

    Raises InputFileError where there is no result.
    """
    rows: dict[str, dict[str, Any]] = {}
    names: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*-result.json")):
        row = read_json(path)
        key = row.get("historyId", row["uuid"])
        names.setdefault(key, set()).add(f"{row.get('fullName', '')} {row['name']}")
        if key not in rows or row.get("start", 0) >= rows[key].get("start", 0):
            rows[key] = row  # a repeated case counts once
    if not rows:
        raise InputFileError(
            "this folder holds no results of Allure",
            value=folder,
            limit="*-result.json",
            next_step=f"pytest --alluredir={folder}",
        )
    patterns = [rule["messageRegexp"] for rule in known if rule.get("messageRegexp")]
    counts = dict.fromkeys(STATUSES, 0)
    red: dict[bool, list[str]] = {True: [], False: []}
    for row in rows.values():
        status = row.get("status", "unknown")
        counts[status if status in counts else "unknown"] += 1
        if status in RED:
            message = (row.get("statusDetails") or {}).get("message", "")
            red[any(re.search(one, message) for one in patterns)].append(row["name"])
    shared = sorted(name for group in names.values() if len(group) > 1 for name in group)
    unknown, expected = tuple(sorted(red[False])), tuple(sorted(red[True]))
    return Results(counts, unknown, expected, tuple(shared), _clauses([*rows.values()]))


def _clauses(rows: Sequence[Mapping[str, Any]]) -> dict[str, Standing]:
    """How clauses stand after these cases; a case that was skipped says nothing of its own."""
    states: dict[str, list[State]] = {}
    cases: dict[str, int] = {}
    for row in rows:
        labels = [(label["name"], label["value"]) for label in row.get("labels", ())]
        for name in (value for kind, value in labels if kind == "clause"):
            cases[name] = cases.get(name, 0) + 1
        for name, _, state in (value.partition(": ") for kind, value in labels if kind == "state"):
            states.setdefault(name, []).append(State(state))
    return {name: standing(states.get(name, ()), count) for name, count in cases.items()}


def breaches(results: Results, max_failures: int, min_cases: int) -> list[str]:
    """Return what the quality gate does not let pass; empty where all is well."""
    found = []
    if len(results.red) > max_failures:
        some = ", ".join(results.red[:3]) + (" ..." if len(results.red) > 3 else "")
        found.append(f"{len(results.red)} cases failed, at most {max_failures} may: {some}")
    if results.total < min_cases:
        found.append(f"{results.total} cases ran, at least {min_cases} must")
    if results.shared:
        shared = ", ".join(results.shared[:4])
        found.append(f"cases share one history, and only one of them is shown: {shared}")
    return found
