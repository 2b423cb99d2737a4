"""An audit and a hub on a terminal: the same tables as their Markdown, without the links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ptyspec.checks.shown import Cell, lookup
from ptyspec.checks.shown import show as shown
from ptyspec.checks.write import MARKS, ORDER

if TYPE_CHECKING:
    from rich.console import Console

    from ptyspec.checks.report import Audit

STYLES = {
    "ok": "green",
    "violation": "bold red",
    "defect": "bold red",
    "incomplete": "yellow",
    "not evaluated": "yellow",
    "holds": "green",
    "broken": "bold red",
}


def show(console: Console, audit: Audit) -> None:
    """Print tables, then notes, then findings: the last lines are what matters."""
    document = audit.as_json()

    def cell(value: Cell) -> str:
        return (
            value if isinstance(value, str) else shown(lookup(document, value.pointer), value.form)
        )

    for found in audit.tables:
        _title(console, found.title)
        _table(
            console,
            found.head,
            ([cell(value) for value in row] for row in found.rows),
            numbers=True,
        )
    for note in audit.notes:
        console.print(f"- {note}", markup=False)
    if audit.findings:
        _title(console, "Findings")
    rows = []
    for row in sorted(document["findings"], key=lambda row: -ORDER[row["ok"]]):
        observed = shown(lookup(document, row["pointer"])) if row["pointer"] else "–"
        state = MARKS[row["ok"]].strip("*")
        rows.append([row["clause"], state, row["what"], observed, row["limit"]])
    _table(console, ("clause", "state", "what", "observed", "limit or reason"), rows)
    headline(console, audit)


def headline(console: Console, audit: Audit) -> None:
    """Print the status, and every broken clause with what broke it."""
    for found in audit.findings:
        if found.ok is False:
            console.print(
                f"broken: {found.clause}: {found.what}", markup=False, style=STYLES["broken"]
            )
    console.print(f"{audit.kind}: {audit.status}", markup=False, style=STYLES[audit.status])


def show_hub(console: Console, content: Mapping[str, Any]) -> None:
    """Print the status of every kind and subject, and what is broken or failed."""
    names = [row["name"] for row in content["subjects"]]
    rows = [
        [
            kind,
            *(row["subjects"][name] for name in names),
            str(row["broken"]),
            str(row["not_evaluated"]),
            str(row["holds"]),
            f"{row['seconds']:.1f}",
        ]
        for kind, row in content["kinds"].items()
    ]
    _table(console, ("audit", *names, "broken", "not evaluated", "hold", "s"), rows)
    for row in content["findings"]:
        if row["ok"] is False:
            console.print(
                f"broken: {row['clause']} ({row['kind']}): {row['what']}",
                markup=False,
                style="bold red",
            )
    for kind, row in content["kinds"].items():
        for error in row["errors"]:
            console.print(
                f"{error['status']}: {kind}, {error['subject']}: {error['text']}",
                markup=False,
                style="yellow",
            )


def _title(console: Console, text: str) -> None:
    console.print(f"\n{text}", markup=False, style="bold")


def _table(
    console: Console, head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(head):
        table.add_column(
            Text(name),
            justify="right" if numbers and place else "left",
            overflow="fold",
            no_wrap=place == 0,
        )
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    console.print(table)
