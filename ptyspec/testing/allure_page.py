"""What the page of one case says in an Allure report: rule, observed beside expected and tolerance, how to run it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from ptyspec.render.text import escape
from ptyspec.spec.clause import Clause
from ptyspec.spec.finding import Finding, State

MAX_ROWS = 12
LONG = 400
CLAUSE_URL = "https://clauses.invalid/#{id}"
"""Where a clause can be read, unless `ptyspec_clause_url` says so. Allure follows whole addresses alone, and a report does
not know its own: in the reports of `ptyspec allure` this one leads to the page of clauses beside them."""


def case_page(
    told: str,
    clauses: Sequence[Clause],
    states: Mapping[str, State],
    findings: Iterable[Finding],
    reproduce: str,
    *,
    passed: bool,
) -> str:
    """Return the case's description as Markdown; `told` is its own docstring.

    A passed case shows what held: what it saw fail on purpose is its business. Text that tests supply is escaped.
    """
    rows = [one for one in findings if one.state is State.PASSED or not passed]
    parts = [escape(told, LONG)] if told else []
    for clause in clauses:
        place = f"{clause.level}, stage {clause.place}, {escape(clause.source)}"
        name = f"**{clause.id}: {states.get(clause.id, State.NOT_RUN)}**"
        parts += [
            f"{name} · {escape(clause.title)} ({place})",
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


def _observations(rows: Sequence[Finding], several: bool) -> list[str]:
    """Lines, not a table: Allure cuts a table off at the right, where the tolerance stands."""
    first = sorted(rows, key=lambda one: (one.state is State.PASSED, -(one.used or 0.0)))[:MAX_ROWS]
    lines = []
    for one in first:
        name = f"{one.clause} · " if several else ""
        mark = "✔" if one.state is State.PASSED else "✘"
        facts = f"observed **{escape(one.observed)}**, expected **{escape(one.expected)}**"
        lines.append(f"- {mark} {name}{escape(one.what)}: {facts}{_share(one.used)}")
    more = len(rows) - len(first)
    return [*lines, *([f"- and {more} more that held"] if more else [])]


def _share(used: float | None) -> str:
    """How much of the tolerance was used."""
    if used is None:
        return ""
    return f", {used:.1%} of it used" if used <= 1 else f", error {used:.3g} times that"


def _code(line: str) -> str:
    """A block of code that `line` cannot close."""
    fence = "```"
    while fence in line:
        fence += "`"
    return f"{fence}sh\n{line}\n{fence}"
