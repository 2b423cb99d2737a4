"""What an audit says: data, tables that point into them, findings by clause, figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ptyspec.checks.documents import AuditFile, FigureRow, FindingRow, Status, SubjectRow, Table
from ptyspec.checks.shown import Cell, Ref, lookup, plain, pointer, show
from ptyspec.spec.checks import limits
from ptyspec.spec.finding import Finding, State
from ptyspec.spec.registry import specification

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """A figure that is drawn when the audit is written."""

    name: str
    caption: str
    draw: Callable[[], Figure]


def about(finding: Finding, names: Sequence[str]) -> list[str]:
    """Return whom a finding is about: the names that its source or its text holds, all where neither holds one."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in finding.source.split("/")]

    def told(name: str) -> bool:
        return bool(re.search(rf"(?<![\w#@]){re.escape(name)}(?![\w#@]|:\w)", finding.what))

    return (
        [name for name in names if name in parts]
        or [name for name in names if told(name)]
        or list(names)
    )


def status_of(findings: Iterable[Finding]) -> Status:
    """Return the status of these findings; none at all is no evidence."""
    outcomes = {finding.ok for finding in findings}
    return "violation" if False in outcomes else "ok" if outcomes == {True} else "incomplete"


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
        return list(dict.fromkeys(one.clause for one in self.findings if one.ok is False))

    def table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Add a table; numbers must be references."""
        cells = tuple(tuple(row) for row in rows)
        self.tables.append(Table(title=title, head=tuple(head), rows=cells))

    def grid(
        self, title: str, *parts: str, columns: Sequence[str], form: str = ".4g", corner: str = ""
    ) -> None:
        """Add the table of data[parts...][row][column] over all rows; a row without a column shows a dash."""
        rows = lookup({"data": self.data}, pointer(*parts))

        def cells(row: str) -> Iterable[Cell]:
            for column in columns:
                there = column in rows[row]
                yield Ref(pointer(*parts, row, column), form) if there else "–"

        self.table(title, (corner, *columns), ((row, *cells(row)) for row in rows))

    def check(self, clause: str, what: str, ok: bool, limit: str, *parts: object) -> None:
        """Hold `clause` against a condition; data[parts...], which must be there, is what was observed."""
        place = pointer(*parts) if parts else ""
        observed = show(plain(lookup({"data": self.data}, place))) if parts else ""
        self._add(State.PASSED if ok else State.FAILED, clause, what, observed, limit, place)

    def within(self, clause: str, what: str, low: float, high: float, *parts: object) -> None:
        """Hold `clause` against low <= data[parts...] <= high; a missing value is not evaluated, never passed."""
        value, limit = plain(lookup({"data": self.data}, pointer(*parts))), limits(low, high)
        if value is None:
            self.skipped(clause, what, f"no value; {limit}")
        else:
            self.check(clause, what, low <= value <= high, limit, *parts)

    def equal(self, clause: str, what: str, expected: object, *parts: object) -> None:
        """Hold `clause` against data[parts...] == expected."""
        value, wanted = plain(lookup({"data": self.data}, pointer(*parts))), plain(expected)
        self.check(clause, what, value == wanted, show(wanted, ".6g"), *parts)

    def skipped(self, clause: str, what: str, reason: str) -> None:
        """Say that `clause` could not be evaluated, and why."""
        self._add(State.NOT_RUN, clause, what, reason)

    def _add(self, state: State, clause: str, what: str, observed: str, *more: str) -> None:
        expected, source = more or ("", "")
        stage = specification()[clause].place
        self.findings.append(Finding(clause, stage, what, observed, expected, state, source))

    def extend(self, name: str, findings: Iterable[Finding]) -> None:
        """Add what a check found of this subject, or of what else has a name."""
        self.findings += [replace(one, what=f"{name}: {one.what}") for one in findings]

    def note(self, text: str) -> None:
        """Add a sentence that a reader needs to understand the figures."""
        self.notes.append(text)

    def figure(self, name: str, caption: str, draw: Callable[[], Figure]) -> None:
        """Add a figure, drawn only when the audit is written to a folder; a name is taken once (ValueError)."""
        if any(picture.name == name for picture in self.figures):
            raise ValueError(f"two figures are called {name}")
        self.figures.append(Picture(name, caption, draw))

    def as_json(self) -> dict[str, Any]:
        """Return the whole audit, its headline on top; JSON values where `data` holds nothing else."""
        document = AuditFile(
            status=self.status,
            kind=self.kind,
            question=self.question,
            control=self.control,
            violated=self.violated(),
            subjects=[SubjectRow.model_validate(row) for row in self.subjects],
            data=plain(self.data),
            tables=self.tables,
            findings=[_row(place, finding) for place, finding in enumerate(self.findings)],
            figures=[FigureRow(name=one.name, caption=one.caption) for one in self.figures],
            notes=self.notes,
        )
        return document.model_dump(mode="json")


def _row(place: int, finding: Finding) -> FindingRow:
    """A finding as JSON; `pointer` is where the observed value stands, in the data or beside it."""
    judged = finding.ok is not None
    return FindingRow(
        clause=finding.clause,
        stage=finding.stage,
        what=finding.what,
        state=finding.state,
        ok=finding.ok,
        observed=finding.observed if judged else None,
        limit=finding.expected if judged else finding.observed,
        pointer=(finding.source or f"/findings/{place}/observed") if judged else None,
    )
