"""An audit and a hub on a terminal: the same tables as their Markdown, without the links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ptyspec.checks.hub import tables
from ptyspec.checks.report import BROKEN, STYLES

if TYPE_CHECKING:
    from rich.console import Console

    from ptyspec.checks.documents import HubFile
    from ptyspec.checks.report import Audit


def show(console: Console, audit: Audit) -> None:
    """Print tables, then notes, then findings: the last lines are what matters."""
    for table in audit.tables:
        console.print()
        console.print(table.terminal())
    for note in audit.notes:
        console.print(f"- {note}", markup=False)
    console.print()
    console.print(audit.held(last=True).terminal())
    headline(console, audit)


def headline(console: Console, audit: Audit) -> None:
    """Print every broken clause with what broke it, and the status."""
    for one in audit.findings:
        if one.ok is False:
            _say(console, f"broken: {one.clause}: {one.what}", BROKEN)
    _say(console, f"{audit.kind}: {audit.status}", audit.status)


def show_hub(console: Console, content: HubFile) -> None:
    """Print the status of every kind and subject, and what is broken or failed."""
    for table in tables(content):
        console.print(table.terminal())
    for row in content.findings:
        if row.ok is False:
            _say(console, f"broken: {row.clause} ({row.kind}): {row.what}", BROKEN)


def _say(console: Console, text: str, state: str) -> None:
    console.print(text, markup=False, style=STYLES[state])
