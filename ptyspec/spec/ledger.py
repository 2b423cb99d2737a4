"""What test runs leave: how each case ended, how long it took, what it used of its clauses' tolerances.

Margins travel as user properties of a case (they cross to the controller of pytest-xdist and into JUnit files), so
that one process alone writes the record. Format, version 2: {"schema_version", "environment", "cases": {node id:
{"outcome", "seconds", "when", "code", "clauses", "margins": [[clause, what, used], ...]}}}; `code` is the stamp of
what ran (stamp.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptyspec.spec.checks import Margin

SCHEMA_VERSION = 2
RECORD = "ptyspec/outcomes"
"""The record's name in pytest's cache."""
LOOSE, TIGHT = 0.01, 0.5
"""A tolerance of which less than 1 % is used tells little; one of which more than half is used is about to fail."""
BEYOND = 1e6
"""Largest figure of a margin: what used infinitely much of its tolerance is written as this."""

Property = tuple[str, str | float]


def properties(margins: Iterable[Margin]) -> list[Property]:
    """Return a case's margins as user properties: the worst of each clause and quantity."""
    worst: dict[tuple[str, str], float] = {}
    for margin in margins:
        key = margin.clause, margin.what
        worst[key] = max(worst.get(key, 0.0), margin.used)
    return [
        (f"margin:{clause}", f"{min(used, BEYOND):.6g} {what}")
        for (clause, what), used in worst.items()
    ]


@dataclass
class Row:
    """One case in one session."""

    outcome: str = "passed"
    """passed, failed, skipped, xfailed, xpassed, or error (outside the test function)."""
    seconds: float = 0.0
    started: float = 0.0
    clauses: tuple[str, ...] = ()
    margins: list[tuple[str, str, float]] = field(default_factory=list)
    ended: bool = False
    """False while it runs, and for ever where the session was interrupted: its outcome is not known then."""

    def take(self, user_properties: Iterable[tuple[str, object]]) -> None:
        """Read clauses and margins back from a report's properties."""
        self.clauses, self.margins = (), []
        for name, value in user_properties:
            if name == "clause":
                self.clauses += (str(value),)
            elif name.startswith("margin:"):
                used, _, what = str(value).partition(" ")
                self.margins.append((name.removeprefix("margin:"), what, float(used)))

    def as_json(self, code: str) -> dict[str, Any]:
        """Return the row as it is written; `code` is its stamp."""
        when = datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds")
        return {
            "outcome": self.outcome,
            "seconds": round(self.seconds, 4),
            "when": when,
            "code": code,
            "clauses": list(self.clauses),
            "margins": [list(margin) for margin in self.margins],
        }


def document(environment: str, cases: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of these cases, in the order of their node ids."""
    return {
        "schema_version": SCHEMA_VERSION,
        "environment": environment,
        "cases": dict(sorted(cases.items())),
    }


def merged(old: object, new: Mapping[str, Any], exists: Callable[[str], bool]) -> dict[str, Any]:
    """Return the cases of an old record that still exist and were not run now, and those that were.

    An old record of another version, or none, counts as empty.
    """
    kept = (
        old["cases"]
        if isinstance(old, dict) and old.get("schema_version") == SCHEMA_VERSION
        else {}
    )
    return {**{case: row for case, row in kept.items() if exists(case)}, **new}
