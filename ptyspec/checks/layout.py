"""An audit as data on top of the checks: which facts, which checks, which tables, which figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ptyspec.checks.judge import REGISTRY, ClauseCheck, judge
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import plain
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.render.table import FORM

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Facts = Callable[[StageOutputs], Any]


@dataclass(frozen=True)
class Grid:
    """A table of values in `data`.

    - rows: a path into the data, such as `groups/*/*`; a row for every way through its stars, named by them.
    - columns: separated by commas, each `[heading=]key[/key...][:form]` below the row's value.
    """

    title: str
    rows: str
    columns: str
    corner: str = "subject"
    form: str = FORM
    turned: bool = False
    """Rows are the columns: for few subjects with many figures."""

    def add_to(self, report: Audit) -> None:
        """Add the table to the report, unless there is no row; what a row lacks is a dash."""
        columns = [self._column(column.strip()) for column in self.columns.split(",")]
        rows = [
            (", ".join(names), *(self._cell(report, path, *column[1:]) for column in columns))
            for names, path in _ways(report.data, self.rows.split("/"))
        ]
        head = (self.corner, *(column[0] for column in columns))
        if self.turned:
            head, *rows = zip(head, *rows, strict=True)
        if rows:
            report.table(self.title, head, rows)

    def _column(self, text: str) -> tuple[str, list[str], str]:
        head, _, path = text.rpartition("=")
        path, _, form = path.partition(":")
        return head or path, path.split("/"), form or self.form

    def _cell(self, report: Audit, path: Sequence[str], column: Sequence[str], form: str) -> object:
        try:
            return report.ref(*path, *column, form=form)
        except (KeyError, TypeError):
            return "–"


@dataclass(frozen=True)
class Layout:
    """What one kind of audit consists of.

    - facts: by name in `data`, what is told of each subject.
    - also: checks that stand with another kind; those of the kind's own module are taken by themselves.
    - notes: what a reader needs to understand the figures, paragraphs.
    - figure: name, caption, and what draws it from the subjects and the data.
    - subjects: what stands beside the subjects that were named.
    - more: data and tables that no declaration can say.
    """

    facts: Mapping[str, Facts] = field(default_factory=dict)
    tables: Sequence[Grid] = ()
    notes: str = ""
    figure: tuple[str, str, Callable[[Sequence[StageOutputs], Any], Figure]] | None = None
    also: Sequence[ClauseCheck] = ()
    subjects: Callable[[Sequence[StageOutputs]], Sequence[StageOutputs]] = list
    more: Callable[[Sequence[StageOutputs], Audit], None] | None = None

    def fill(self, module: str, named: Sequence[StageOutputs], report: Audit) -> None:
        """Fill the report; raises what the subjects' stages raise while facts are gathered."""
        subjects = self.subjects(named)
        for name, facts in self.facts.items():
            report.data[name] = plain({one.name: one.facts(facts) for one in subjects})
        own = [check for check in REGISTRY if check.function.__module__ == module]
        for one in subjects:
            report.extend(one.name, judge(one, among=[*own, *self.also]))
        for table in self.tables:
            table.add_to(report)
        if self.more is not None:
            self.more(subjects, report)
        report.notes += [
            " ".join(note.split()) for note in self.notes.split("\n\n") if note.strip()
        ]
        if self.figure is not None:
            name, caption, draw = self.figure
            told = " ".join(caption.split())
            report.figure(name, told, lambda: draw(subjects, report.data))


def _ways(
    value: Any, pattern: Sequence[str], names: tuple[str, ...] = (), path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every way through the pattern to something: the keys that stood for stars, and the whole path."""
    if not pattern:
        if value is not None:
            yield names, path
        return
    first, *rest = pattern
    for key in (value or {}) if first == "*" else (first,):
        yield from _ways(value[key], rest, (*names, key) if first == "*" else names, (*path, key))
