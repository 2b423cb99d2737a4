"""The table of docs/investigation-items.md, row by row."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "investigation-items.md"
HEAD = ["item", "what it says or asks", "ask again", "clauses", "test", "our answer"]
NAME = re.compile(r"^(.*?)(?:, (H-[A-Z-]+))?$")


@dataclass(frozen=True)
class Row:
    items: tuple[str, ...]
    said: str
    command: tuple[str, ...]
    clauses: tuple[str, ...]
    test: str
    answer: str

    @property
    def slug(self) -> str:
        return self.items[0].replace(" ", "-")


@cache
def rows() -> tuple[Row, ...]:
    """All rows of all tables; a table with other columns is an error."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|") or set(line) <= set("| -"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        assert len(cells) == len(HEAD), line
        if cells == HEAD:
            continue
        item, said, command, clauses, test, answer = cells
        assert all(text.startswith("`") and text.endswith("`") for text in (command, test)), line
        found.append(
            Row(
                tuple(item.split(", ")),
                said,
                tuple(shlex.split(command.strip("`"))),
                tuple(clauses.split(", ")),
                test.strip("`"),
                answer,
            )
        )
    return tuple(found)
