"""What an audit says: data, tables that point into them, findings by clause, figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ptyspec.checks.documents import AuditFile, FigureRow, FindingRow, Status, SubjectRow, Table
from ptyspec.checks.shown import Cell, plain
from ptyspec.spec.finding import Finding

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """A figure that is drawn when the audit is written."""

    name: str
    caption: str
    draw: Callable[[], Figure]


def about(finding: Finding, names: Sequence[str]) -> list[str]:
    """Return whom a finding is about: the names that its text holds, all where it holds none."""

    def told(name: str) -> bool:
        return bool(re.search(rf"(?<![\w#@]){re.escape(name)}(?![\w#@]|:\w)", finding.what))

    return [name for name in names if told(name)] or list(names)


def status_of(findings: Iterable[Finding]) -> Status:
    """Return the status of these findings; none at all is no evidence."""
    outcomes = {finding.ok for finding in findings}
    return "violation" if False in outcomes else "ok" if outcomes == {True} else "incomplete"


@dataclass
class Audit:
    """One audit of one kind. `data` holds JSON values only; tables point into it."""

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

    def extend(self, name: str, findings: Iterable[Finding]) -> None:
        """Add what a check found of this subject, or of what else has a name."""
        self.findings += [replace(one, what=f"{name}: {one.what}") for one in findings]

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
    """A finding as JSON; `pointer` is where the observed value stands."""
    judged = finding.ok is not None
    return FindingRow(
        clause=finding.clause,
        stage=finding.stage,
        what=finding.what,
        state=finding.state,
        ok=finding.ok,
        observed=finding.observed if judged else None,
        limit=finding.expected if judged else finding.observed,
        pointer=f"/findings/{place}/observed" if judged else None,
    )
