"""docs/failure-signatures.md: the eighty ways in which the investigated pipeline failed, and the clauses that catch each.

python -m docs.site.signatures docs/failure-signatures.md
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ptyspec.files.disk import atomic_file
from ptyspec.spec.clause import Clause, specification, specs_folder

COMMAND = "python -m docs.site.signatures docs/failure-signatures.md"
HEAD = f"""# Failure signatures

How the investigated pipeline failed, most of the time without an exception, and which clauses of [specs](../specs/) catch it. This page is generated: `{COMMAND}`."""


@cache
def groups() -> dict[str, dict[int, str]]:
    """Return the short description of each signature by group and number."""
    with (specs_folder() / "failure-signatures.toml").open("rb") as file:
        read = tomllib.load(file)
    return {
        group: {int(at): str(text) for at, text in rows.items()} for group, rows in read.items()
    }


def texts() -> dict[int, str]:
    """Return the short description of each signature."""
    return {number: text for group in groups().values() for number, text in group.items()}


def uncovered(clauses: Mapping[str, Clause]) -> list[int]:
    """Return the signatures that no clause names."""
    named = {number for clause in clauses.values() for number in clause.signatures}
    return [number for number in texts() if number not in named]


def signatures_page(clauses: Mapping[str, Clause]) -> str:
    """Return the page in Markdown; equal clauses give equal text."""
    lines = [HEAD]
    for group, members in groups().items():
        lines += ["", f"## {group}", "", "| | failure | clauses | documents |"]
        lines += ["| ---: | --- | --- | --- |"]
        for number, text in members.items():
            catching = [one for one in clauses.values() if number in one.signatures]
            names = ", ".join(one.id for one in catching) or "none"
            documents = {f"[{one.document}](../specs/{one.document})": 0 for one in catching}
            lines += [f"| {number} | {text} | {names} | {', '.join(documents)} |"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/failure-signatures.md")
    with atomic_file(path) as file:
        file.write(signatures_page(specification()).encode())
    print(path)
