"""What a folder of Allure results says: how the cases ended, how the clauses stand, is it enough?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_json
from ptyspec.spec.finding import Standing, State, standing

GREEN = ("passed", "skipped")


@dataclass(frozen=True)
class Results:
    """The last outcome of each case."""

    counts: Mapping[str, int]
    red: tuple[str, ...]
    """Names of the cases that failed or broke."""
    clauses: Mapping[str, Standing]
    """How each clause stands that a case is bound to."""

    @property
    def total(self) -> int:
        """Number of cases."""
        return sum(self.counts.values())

    def breaches(self, min_cases: int) -> list[str]:
        """Return what the quality gate does not let pass; empty where all is well."""
        found = []
        if self.red:
            some = ", ".join(self.red[:3]) + (" ..." if len(self.red) > 3 else "")
            found.append(f"{len(self.red)} cases failed: {some}")
        if self.total < min_cases:
            found.append(f"{self.total} cases ran, at least {min_cases} must")
        return found


def read_results(folder: Path) -> Results:
    """Return what `folder` holds; raises InputFileError where there is no result."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for path in sorted(folder.glob("*-result.json")):
        row = read_json(path)
        # Of two cases that share their history both count.
        key = (row.get("historyId", row["uuid"]), row.get("fullName", ""), row["name"])
        if key not in rows or row.get("start", 0) >= rows[key].get("start", 0):
            rows[key] = row  # a repeated case counts once
    if not rows:
        raise InputFileError(
            "this folder holds no results of Allure",
            value=folder,
            limit="*-result.json",
            next_step=f"pytest --alluredir={folder}",
        )
    counts = Counter(row.get("status", "unknown") for row in rows.values())
    red = sorted(row["name"] for row in rows.values() if row.get("status") not in GREEN)
    return Results(dict(counts), tuple(red), _clauses([*rows.values()]))


def _clauses(rows: Sequence[Mapping[str, Any]]) -> dict[str, Standing]:
    """How clauses stand after these cases; a case that was skipped says nothing of its own."""
    states: dict[str, list[State]] = {}
    cases: Counter[str] = Counter()
    for label in (label for row in rows for label in row.get("labels", ())):
        if label["name"] == "clause":
            cases[label["value"]] += 1
        elif label["name"] == "state":
            name, _, state = label["value"].partition(": ")
            states.setdefault(name, []).append(State(state))
    return {name: standing(states.get(name, ()), count) for name, count in cases.items()}
