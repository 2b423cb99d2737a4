"""docs/failure-signatures.md: the eighty ways in which the investigated pipeline failed, and the clauses that catch each.

python -m ptyspec.spec.signatures docs/failure-signatures.md
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from ptyspec.files.files import atomic_file
from ptyspec.spec.clause import Clause
from ptyspec.spec.registry import folder, specification

OUT_OF_SCOPE: dict[int, str] = {}
"""Signatures that no clause covers, with the reason; a clause that names one ends its being here."""

COMMAND = "python -m ptyspec.spec.signatures docs/failure-signatures.md"
HEAD = f"""# Failure signatures

How the investigated pipeline failed, most of the time without an exception, and which clauses of [specs](../specs/) catch it. This page is generated: `{COMMAND}`."""


@cache
def groups() -> dict[str, dict[int, str]]:
    """Return the short description of each signature by group and number."""
    with (folder() / "failure-signatures.toml").open("rb") as file:
        read = tomllib.load(file)
    return {
        group: {int(at): str(text) for at, text in rows.items()} for group, rows in read.items()
    }


def texts() -> dict[int, str]:
    """Return the short description of each signature."""
    return {number: text for group in groups().values() for number, text in group.items()}


def covered(clauses: Mapping[str, Clause]) -> Iterator[tuple[int, str, list[Clause]]]:
    """Yield each signature with the clauses that name it."""
    for number, text in texts().items():
        yield number, text, [clause for clause in clauses.values() if number in clause.signatures]


def uncovered(clauses: Mapping[str, Clause]) -> list[int]:
    """Return the signatures that no clause names and no reason leaves out."""
    return [
        number for number, _, found in covered(clauses) if not found and number not in OUT_OF_SCOPE
    ]


def signatures_page(clauses: Mapping[str, Clause]) -> str:
    """Return the page in Markdown; equal clauses give equal text."""
    found = {number: (text, catching) for number, text, catching in covered(clauses)}
    head = "| | failure | clauses | documents |\n| ---: | --- | --- | --- |"
    lines = [HEAD]
    for group, members in groups().items():
        lines += ["", f"## {group}", "", head]
        lines += [_line(number, *found[number]) for number in members]
    return "\n".join(lines) + "\n"


def _line(number: int, text: str, clauses: list[Clause]) -> str:
    reason = OUT_OF_SCOPE.get(number, "not covered")
    names = ", ".join(clause.id for clause in clauses) or f"none: {reason}"
    documents = dict.fromkeys(f"[{one.document}](../specs/{one.document})" for one in clauses)
    return f"| {number} | {text} | {names} | {', '.join(documents)} |"


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/failure-signatures.md")
    with atomic_file(path) as file:
        file.write(signatures_page(specification()).encode())
    print(path)
