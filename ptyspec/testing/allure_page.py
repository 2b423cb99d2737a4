"""What the page of one case says in an Allure report: rule, observed beside expected and tolerance, how to run it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from ptyspec.render.text import escape
from ptyspec.spec.clause import Clause

if TYPE_CHECKING:
    from ptyspec.spec.seen import Seen

MAX_ROWS = 12
LONG = 400
CLAUSE_URL = "https://clauses.invalid/#{id}"
"""Where a clause can be read, unless `ptyspec_clause_url` says so. Allure follows whole addresses alone, and a report does
not know its own: in the reports of `ptyspec allure` this one leads to the page of clauses beside them."""


def case_page(
    told: str, clauses: Sequence[Clause], seen: Iterable[Seen], reproduce: str, *, passed: bool
) -> str:
    """Return the case's description as Markdown; `told` is its own docstring.

    A passed case shows what held: what it saw fail on purpose is its business. Text that tests supply is escaped.
    """
    rows = [one for one in seen if one.held or not passed]
    parts = [escape(told, LONG)] if told else []
    for clause in clauses:
        place = f"{clause.level}, stage {clause.place}, {escape(clause.source)}"
        parts += [
            f"**{clause.id}** · {escape(clause.title)} ({place})",
            f"> {escape(clause.statement, 2 * LONG)}",
            f"Tolerance: {escape(clause.tolerance, LONG)}",
        ]
    if rows:
        parts.append("\n".join(_observations(rows, several=len({one.clause for one in rows}) > 1)))
    parts.append(f"Reproduce:\n\n{_code(reproduce)}")
    return "\n\n".join(parts)


def clause_url(clause: Clause, pattern: str = CLAUSE_URL) -> str:
    """Return the address of a clause's text: `pattern` with {id}, {document}, {name} (without ending) and {line} filled in."""
    words = {
        "id": clause.id,
        "document": clause.document,
        "name": clause.path.stem,
        "line": str(clause.line),
    }
    for name, value in words.items():
        pattern = pattern.replace(f"{{{name}}}", quote(value))
    return pattern


def _observations(rows: Sequence[Seen], several: bool) -> list[str]:
    """Lines, not a table: Allure cuts a table off at the right, where the tolerance stands."""
    first = sorted(rows, key=lambda one: (one.held, -(one.used or 0.0)))[:MAX_ROWS]
    lines = []
    for one in first:
        name = f"{one.clause} · " if several else ""
        facts = [f"observed **{escape(one.observed)}**", f"expected **{escape(one.expected)}**"]
        if one.limit:
            facts.append(f"tolerance {escape(_share(one))}")
        lines.append(f"- {'✔' if one.held else '✘'} {name}{escape(one.what)}: {', '.join(facts)}")
    more = len(rows) - len(first)
    return [*lines, *([f"- and {more} more that held"] if more else [])]


def _share(one: Seen) -> str:
    """How much of which tolerance; where the figure comes from stands with the clause."""
    limit = one.limit.partition(" (")[0]
    if one.used is None:
        return limit
    return (
        f"{limit}, {one.used:.1%} of it used"
        if one.used <= 1
        else f"{limit}, error {one.used:.3g} times that"
    )


def _code(line: str) -> str:
    """A block of code that `line` cannot close."""
    fence = "```"
    while fence in line:
        fence += "`"
    return f"{fence}sh\n{line}\n{fence}"
