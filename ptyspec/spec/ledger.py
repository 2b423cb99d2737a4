"""The ledger: what test runs left of each case, in pytest's cache or in a file of results.

States and margins travel as user properties of a case: they cross to the controller of pytest-xdist
and into JUnit files, and one process alone writes. Format, version 3: {"schema_version",
"environment", "cases": {node id: {"state", "expected", "note", "seconds", "when", "code", "clauses":
{id: state}, "margins": [[clause, what, used], ...]}}}; `code` is the stamp of what ran (stamp.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json
from ptyspec.spec.finding import Finding, State

SCHEMA_VERSION = 3
RECORD = "ptyspec/outcomes"
"""The record's name in pytest's cache."""
FILE = Path(".pytest_cache/v") / RECORD
LOOSE, TIGHT = 0.01, 0.5
"""A tolerance of which less than 1 % is used tells little; one with over half used is tight."""
BEYOND = 1e6
"""Largest figure of a margin: what used infinitely much of its tolerance is written as this."""
CASE, STATE, MARGIN, NOTE = "state", "state:", "margin:", "state note"
"""Names of the user properties."""


class LedgerError(PtyspecError):
    """The ledger is damaged."""

    exit_code = 3


@dataclass
class Outcome:
    """How one case ended when it last ran."""

    state: State = State.NOT_RUN
    clauses: dict[str, State] = field(default_factory=dict)
    """Each clause that the case is bound to, with the state that its own checks gave it."""
    expected: bool = False
    """Whether it failed and was expected to."""
    note: str = ""
    """Why it says nothing, or what is odd: the case was skipped, it passed unexpectedly."""
    seconds: float = 0.0
    when: str = ""
    margins: list[tuple[str, str, float]] = field(default_factory=list)
    """Clause, what was compared, and how much of the clause's tolerance it used."""
    ended: bool = True
    """False while it runs; for ever where the session was interrupted: its end is not known."""

    @property
    def unnamed(self) -> bool:
        """Whether it failed in a way that none of its clauses is to blame for."""
        bad, states = self.state is State.FAILED and not self.expected, {*self.clauses.values()}
        return bad and bool(states - {State.NOT_RUN}) and State.FAILED not in states

    def begin(self, started: float) -> None:
        """Note when it started, in seconds since 1970."""
        self.when = datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds")

    def take(self, properties: Iterable[tuple[str, object]]) -> None:
        """Read states and margins back from a report's properties."""
        self.clauses, self.margins, self.note = {}, [], ""
        for name, value in properties:
            if name == CASE:
                self.state = State(str(value))
            elif name == "clause":
                self.clauses.setdefault(str(value), State.NOT_RUN)
            elif name.startswith(STATE):
                self.clauses[name.removeprefix(STATE)] = State(str(value))
            elif name == NOTE:
                self.note = str(value)
            elif name.startswith(MARGIN):
                used, _, what = str(value).partition(" ")
                self.margins.append((name.removeprefix(MARGIN), what, float(used)))

    def broke(self) -> None:
        """Note an error outside the checks: it says nothing of any clause that had not failed."""
        self.state = State.FAILED if self.state is State.FAILED else State.ERROR
        self.clauses = {
            name: state if state is State.FAILED else State.ERROR
            for name, state in self.clauses.items()
        }

    def as_json(self, code: str) -> dict[str, Any]:
        """Return the row as it is written; `code` is its stamp."""
        row = {key: value for key, value in vars(self).items() if key != "ended"}
        margins = [list(margin) for margin in self.margins]
        return {**row, "seconds": round(self.seconds, 4), "code": code, "margins": margins}


def properties(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return what findings used of their tolerances as user properties."""
    return [
        (f"{MARGIN}{one.clause}", f"{min(one.used, BEYOND):.6g} {one.what}")
        for one in findings
        if one.used is not None
    ]


def document(environment: str, cases: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of these cases, in the order of their node ids."""
    rows = dict(sorted(cases.items()))
    return {"schema_version": SCHEMA_VERSION, "environment": environment, "cases": rows}


def merged(old: object, new: Mapping[str, Any], exists: Callable[[str], bool]) -> dict[str, Any]:
    """Return the cases of an old record that can still exist and were not run now, and those that were.

    An old record of another version, or none, counts as empty.
    """
    known = isinstance(old, dict) and old.get("schema_version") == SCHEMA_VERSION
    kept = old["cases"] if known and isinstance(old, dict) else {}
    return {**{case: row for case, row in kept.items() if exists(case)}, **new}


@dataclass(frozen=True)
class Ledger:
    """The last outcome of each case with the present code; empty where no test has run yet."""

    environment: str = ""
    cases: Mapping[str, Outcome] = field(default_factory=dict)
    outdated: frozenset[str] = frozenset()
    """Cases that ran with other code than the present one: what they said counts no more."""
    note: str = ""
    """Why there is nothing, although there is a file."""


def read(root: Path, stamp: Callable[[str], str]) -> Ledger:
    """Return what the test runs of the checkout at `root` left; `stamp` names the present code.

    A record of an older version counts as empty, and a note says so. Raises LedgerError for one of a
    newer version, or that is none.
    """
    path = root / FILE
    if not path.is_file():
        return Ledger()
    content = read_json(path)
    try:
        version = int(content["schema_version"])
        if version < SCHEMA_VERSION:
            return Ledger(note=f"outcomes of version {version} were dropped: run the tests again")
        if version > SCHEMA_VERSION:
            raise ValueError(f"schema_version {version}, not {SCHEMA_VERSION}")
        rows = TypeAdapter(dict[str, Outcome]).validate_python(content["cases"])
        old = frozenset(name for name in rows if content["cases"][name]["code"] != stamp(name))
        current = {name: row for name, row in rows.items() if name not in old}
        return Ledger(content["environment"], current, old)
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(
            f"not a record of outcomes: {error!r}",
            source=path,
            next_step=f"remove it (rm {path}) and run the tests again",
        ) from error
