"""Markdown made safe: text that came from outside can say anything and change nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SPECIAL = re.compile(r"([\\`*_\[\]{}()#~|!$])")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(value: object, limit: int = 200) -> str:
    """Return one line of literal Markdown: no markup, HTML, link, formula or table border can come from `value`."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    line = "".join(ENTITIES.get(c, c) for c in line)
    return SPECIAL.sub(r"\\\1", line).replace("://", r":\//")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = True) -> list[str]:
    """Return the lines of a table; the first column is text, the others are numbers or not. Cells must be escaped."""
    rule = ["---", *["---:" if numbers else "---"] * (len(head) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with so many significant digits; a dash where there is none."""
    if value is None:
        return "–"
    return (
        f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e7 else f"{value:.{digits}g}"
    )
