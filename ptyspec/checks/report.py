"""What an audit says: data, tables that point into them, findings by clause, figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ptyspec.checks.shown import Cell, Ref, lookup, plain, pointer, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA_VERSION = 1
Status = Literal["ok", "violation", "incomplete"]


@dataclass(frozen=True)
class Table:
    """A table whose numbers are references."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Finding:
    """One clause held against one value; `ok` is None where it could not be evaluated, and `limit` says why."""

    clause: str
    what: str
    ok: bool | None
    limit: str
    pointer: str | None
    """Where in the document the observed value lies."""

    def about(self, names: Sequence[str]) -> list[str]:
        """Return whom it is about: the names that its pointer or its text holds, all where neither holds one."""
        parts = [
            part.replace("~1", "/").replace("~0", "~") for part in (self.pointer or "").split("/")
        ]
        found = [name for name in names if name in parts]
        words = [
            name
            for name in names
            if re.search(rf"(?<![\w#@]){re.escape(name)}(?![\w#@]|:\w)", self.what)
        ]
        return found or words or list(names)


def status_of(findings: Iterable[Finding]) -> Status:
    """Return the status of these findings; none at all is no evidence."""
    outcomes = {finding.ok for finding in findings}
    return "violation" if False in outcomes else "ok" if outcomes == {True} else "incomplete"


@dataclass(frozen=True)
class Picture:
    """A figure that is drawn when the audit is written."""

    name: str
    caption: str
    draw: Callable[[], Figure]


@dataclass
class Audit:
    """One audit of one kind. `data` holds JSON values only; tables and findings point into it.

    `check`, `within` and `equal` never raise for a broken clause: an audit tells all that it finds.
    """

    kind: str
    question: str
    subjects: tuple[dict[str, str], ...]
    data: dict[str, Any] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    figures: list[Picture] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    control: str | None = None
    """The positive control that was applied, if any: its findings are about spoiled data."""

    @property
    def status(self) -> Status:
        """`violation` where a clause is broken, else `incomplete` where one or all could not be evaluated, else `ok`."""
        return status_of(self.findings)

    def violated(self) -> list[str]:
        """Return the ids of broken clauses, each once."""
        return list(
            dict.fromkeys(finding.clause for finding in self.findings if finding.ok is False)
        )

    def table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Add a table; numbers must be references."""
        self.tables.append(Table(title, tuple(head), tuple(tuple(row) for row in rows)))

    def grid(
        self, title: str, *parts: str, columns: Sequence[str], form: str = ".4g", corner: str = ""
    ) -> None:
        """Add the table of data[parts...][row][column] over all rows; a row without a column shows a dash."""
        rows = lookup(self.as_json(), pointer(*parts))
        self.table(
            title,
            (corner, *columns),
            (
                (
                    row,
                    *(
                        Ref(pointer(*parts, row, column), form) if column in values else "–"
                        for column in columns
                    ),
                )
                for row, values in rows.items()
            ),
        )

    def check(self, clause: str, what: str, ok: bool, limit: str, *parts: object) -> None:
        """Hold `clause` against a condition; data[parts...] is what was observed."""
        place = pointer(*parts) if parts else None
        if place is not None:
            lookup({"data": self.data}, place)
        self.findings.append(Finding(clause, what, bool(ok), limit, place))

    def within(self, clause: str, what: str, low: float, high: float, *parts: object) -> None:
        """Hold `clause` against low <= data[parts...] <= high; a missing value is not evaluated, never passed."""
        value = plain(lookup({"data": self.data}, pointer(*parts)))
        limit = _limit(low, high)
        if value is None:
            self.findings.append(Finding(clause, what, None, f"no value; {limit}", pointer(*parts)))
        else:
            self.check(clause, what, low <= value <= high, limit, *parts)

    def equal(self, clause: str, what: str, expected: object, *parts: object) -> None:
        """Hold `clause` against data[parts...] == expected."""
        value, wanted = plain(lookup({"data": self.data}, pointer(*parts))), plain(expected)
        self.check(clause, what, value == wanted, show(wanted, ".6g"), *parts)

    def skipped(self, clause: str, what: str, reason: str) -> None:
        """Say that `clause` could not be evaluated, and why."""
        self.findings.append(Finding(clause, what, None, reason, None))

    def note(self, text: str) -> None:
        """Add a sentence that a reader needs to understand the figures."""
        self.notes.append(text)

    def figure(self, name: str, caption: str, draw: Callable[[], Figure]) -> None:
        """Add a figure, drawn only when the audit is written to a folder; a name is taken once (ValueError)."""
        if any(made.name == name for made in self.figures):
            raise ValueError(f"two figures are called {name}")
        self.figures.append(Picture(name, caption, draw))

    def as_json(self) -> dict[str, Any]:
        """Return the whole audit, its headline on top; JSON values where `data` holds nothing else."""
        return {
            "schema_version": SCHEMA_VERSION,
            "status": self.status,
            "kind": self.kind,
            "question": self.question,
            "control": self.control,
            "violated": self.violated(),
            "subjects": list(self.subjects),
            "data": self.data,
            "tables": [
                vars(table) | {"rows": [[_cell(cell) for cell in row] for row in table.rows]}
                for table in self.tables
            ],
            "findings": [vars(finding) for finding in self.findings],
            "figures": [{"name": found.name, "caption": found.caption} for found in self.figures],
            "notes": self.notes,
        }


def _limit(low: float, high: float) -> str:
    """The limits with so many digits that they differ."""
    digits = next(
        (digits for digits in range(6, 17) if f"{low:.{digits}g}" != f"{high:.{digits}g}"), 6
    )
    least, most = f"{low:.{digits}g}", f"{high:.{digits}g}"
    if low == float("-inf"):
        return f"at most {most}"
    return f"at least {least}" if high == float("inf") else f"{least} to {most}"


def _cell(cell: Cell) -> object:
    return cell if isinstance(cell, str) else {"pointer": cell.pointer, "form": cell.form}
