"""A trace as data, as Markdown, and as the compliance matrix of a plan."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ptyspec.render.table import Mark, Markdown, Table
from ptyspec.render.text import escape
from ptyspec.spec.clause import Clause
from ptyspec.spec.finding import State
from ptyspec.spec.trace import Row, Trace

SCHEMA_VERSION = 2


def as_json(trace: Trace) -> dict[str, Any]:
    """Return the whole trace as JSON values, its headline on top."""
    after = trace.follows
    return {
        "schema_version": SCHEMA_VERSION,
        "status": trace.status,
        "counts": counts(trace),
        "environment": trace.environment,
        "findings": [vars(finding) for finding in trace.findings],
        "clauses": [_clause(row, after.get(row.clause.id, "")) for row in trace.rows],
    }


def counts(trace: Trace) -> dict[str, int]:
    """Return how many clauses there are, how many in each state, and how many cases."""
    states = Counter(row.standing.word for row in trace.rows)
    bound = {case.id for row in trace.rows for case in row.cases}
    return {
        "clauses": len(trace.rows),
        **dict(sorted(states.items())),
        "cases": trace.cases,
        "bound": len(bound),
    }


def summary(trace: Trace) -> str:
    """Return the counts in one line."""
    found = counts(trace)
    states = ", ".join(
        f"{found[state]} {state}" for state in found if state not in ("clauses", "cases", "bound")
    )
    return f"{found['clauses']} clauses: {states or 'none'}; {found['bound']:,} of {found['cases']:,} cases are bound"


def margin(row: Row) -> str:
    """Return the largest share of the tolerance that was used, in percent; a dash where nothing was measured."""
    if row.margin is None:
        return "–"
    return f"{100 * row.margin:.2g} %" if row.margin < 10 else "> 1000 %"


def table(rows: Sequence[Row], styles: Mapping[str, str] | None = None) -> Table:
    """Return one row a clause: its cases, its state, how much of its tolerance was used."""
    cells = [
        (one.id, one.level, len(row.cases), str(row.standing), margin(row), one.title)
        for row in rows
        for one in (row.clause,)
    ]
    head = ("clause", "level", "cases", "state", "margin", "title")
    return Table(head, cells, numbers=("cases", "margin"), styles=styles or {})


def markdown(trace: Trace) -> str:
    """Return the table of clauses, document by document, and below it what is wrong."""
    lines = ["# Trace", "", f"{escape(summary(trace))}.", ""]
    for document in dict.fromkeys(row.clause.document for row in trace.rows):
        rows = [row for row in trace.rows if row.clause.document == document]
        lines += [f"## {document}", "", *table(rows).markdown(), ""]
    lines += ["## Findings", ""]
    cells = [
        (one.severity, one.clause, one.message, one.source, one.next_step) for one in trace.findings
    ]
    head = ("severity", "clause", "what", "where", "next")
    lines += Table(head, cells, numbers=False).markdown() if cells else ["None."]
    return "\n".join(lines) + "\n"


def compliance(trace: Trace) -> str:
    """Return the matrix that plans ask for: clause, status, selector, number of cases, last log."""
    rows = [
        (
            Markdown(f"{escape(row.clause.id)} ({row.clause.level})"),
            str(row.standing),
            _selector(row),
            len(row.cases),
            _log(row),
        )
        for row in trace.rows
    ]
    head = ("clause", "status", "selector", "cases", "last log")
    lines = [
        "# Compliance",
        "",
        f"{escape(summary(trace))}. Environment: {escape(trace.environment or 'none yet')}.",
    ]
    return "\n".join([*lines, "", *Table(head, rows, numbers=False).markdown()]) + "\n"


def _selector(row: Row) -> object:
    return Mark(f"pytest {' '.join(row.selectors)}", code=True) if row.cases else "none"


def _log(row: Row) -> str:
    if not row.ran:
        return "not run"
    ended = Counter(str(row.of(outcome)) for outcome in row.ran.values())
    ended[str(State.NOT_RUN)] += row.missing
    told = ", ".join(f"{count} {name}" for name, count in sorted(ended.items()) if count)
    return f"{row.last}: {told}"


def said(clause: Clause) -> dict[str, Any]:
    """Return what the text of a clause says, as JSON values."""
    plain = ("id", "title", "level", "revision", "statement", "place", "section", "source")
    told = {name: getattr(clause, name) for name in plain}
    return told | {"tolerance": str(clause.tolerance), "signatures": list(clause.signatures)}


def _clause(row: Row, after: str) -> dict[str, Any]:
    cases = []
    for case in row.cases:
        last = row.ran.get(case.id)
        ran: dict[str, Any] = {"state": None}
        if last is not None:
            ran = {"state": row.of(last), "seconds": last.seconds, "when": last.when}
            ran |= {"note": last.note} if last.note else {}
        cases.append({"id": case.id, "tier": case.tier, "source": case.source, **ran})
    return {
        **said(row.clause),
        "state": row.state,
        "detail": str(row.standing),
        "ran": row.standing.ran,
        "after": after,
        "margin_used": finite(row.margin),
        "margins": [{"what": what, "used": finite(used)} for what, used in row.margins],
        "cases": cases,
    }


def finite(used: float | None) -> float | None:
    """Return a share of a tolerance; None where it is not finite, as of an exact one."""
    return used if used is not None and math.isfinite(used) else None
