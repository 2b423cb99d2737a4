"""An audit and a hub on a terminal: the same tables as their Markdown, without the links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ptyspec.checks.write import findings, tables
from ptyspec.render.table import Table

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
    for table in tables(audit, document):
        _print(console, table)
    for note in audit.notes:
        console.print(f"- {note}", markup=False)
    held = findings(document)
    _print(console, replace(held, rows=held.rows[::-1]))
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
        (
            kind,
            *(row["subjects"][name] for name in names),
            *(row[key] for key in ("broken", "not_evaluated", "holds")),
            f"{row['seconds']:.1f}",
        )
        for kind, row in content["kinds"].items()
    ]
    head = ("audit", *names, "broken", "not evaluated", "hold", "s")
    _print(console, Table(head, rows, numbers=False))
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


def _print(console: Console, table: Table) -> None:
    if table.rows:
        console.print()
        console.print(replace(table, styles=STYLES).terminal())
