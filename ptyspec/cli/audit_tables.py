"""An audit and a hub on a terminal: the same tables as their Markdown, without the links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptyspec.checks.write import BROKEN, STYLES, findings, tables
from ptyspec.render.table import Mark, Table

if TYPE_CHECKING:
    from rich.console import Console

    from ptyspec.checks.report import Audit


def show(console: Console, audit: Audit) -> None:
    """Print tables, then notes, then findings: the last lines are what matters."""
    document = audit.as_json()
    for table in tables(document):
        console.print()
        console.print(table.terminal())
    for note in audit.notes:
        console.print(f"- {note}", markup=False)
    console.print()
    console.print(findings(document, last=True).terminal())
    headline(console, audit)


def headline(console: Console, audit: Audit) -> None:
    """Print the status, and every broken clause with what broke it."""
    for one in audit.findings:
        if one.ok is False:
            _say(console, f"broken: {one.clause}: {one.what}", BROKEN)
    _say(console, f"{audit.kind}: {audit.status}", audit.status)


def show_hub(console: Console, content: Mapping[str, Any]) -> None:
    """Print the status of every kind and subject, and what is broken or failed."""
    names = [row["name"] for row in content["subjects"]]
    head = ("audit", *names, "broken", "not evaluated", "hold", "s")
    rows = [
        [
            kind,
            *(row["subjects"][name] for name in names),
            *(row[key] for key in ("broken", "not_evaluated", "holds")),
            Mark(row["seconds"], form=".1f"),
        ]
        for kind, row in content["kinds"].items()
    ]
    console.print(Table(head, rows, numbers=False, styles=STYLES).terminal())
    for row in content["findings"]:
        if row["ok"] is False:
            _say(console, f"broken: {row['clause']} ({row['kind']}): {row['what']}", BROKEN)
    for kind, row in content["kinds"].items():
        for error in row["errors"]:
            what = f"{error['status']}: {kind}, {error['subject']}: {error['text']}"
            _say(console, what, "not evaluated")


def _say(console: Console, text: str, state: str) -> None:
    console.print(text, markup=False, style=STYLES[state])
