"""A trace as data, as Markdown, and as the compliance matrix of a plan."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ptyspec.render.table import Mark, Markdown, Table
from ptyspec.render.text import escape
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


def markdown(trace: Trace) -> str:
    """Return the table of clauses, document by document, and below it what is wrong."""
    lines = ["# Trace", "", f"{escape(summary(trace))}.", ""]
    for document in dict.fromkeys(row.clause.document for row in trace.rows):
        rows = [row for row in trace.rows if row.clause.document == document]
        lines += [f"## {document}", "", *_clauses(rows), ""]
    lines += ["## Findings", ""]
    found = [
        (one.severity, one.clause, one.message, one.source, one.next_step) for one in trace.findings
    ]
    head = ("severity", "clause", "what", "where", "next")
    lines += Table(head, found, numbers=False).markdown() if found else ["None."]
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


def _clauses(rows: list[Row]) -> list[str]:
    cells = [
        (
            row.clause.id,
            row.clause.title,
            row.clause.level,
            len(row.cases),
            str(row.standing),
            margin(row),
        )
        for row in rows
    ]
    head = ("clause", "title", "level", "cases", "state", "margin used")
    return Table(head, cells, numbers=False).markdown()


def _selector(row: Row) -> object:
    return Mark(f"pytest {' '.join(row.selectors)}", code=True) if row.cases else "none"


def _log(row: Row) -> str:
    if not row.ran:
        return "not run"
    ended = Counter(str(row.of(outcome)) for outcome in row.ran.values())
    ended[str(State.NOT_RUN)] += row.missing
    told = ", ".join(f"{count} {name}" for name, count in sorted(ended.items()) if count)
    return f"{row.last}: {told}"


def _clause(row: Row, after: str) -> dict[str, Any]:
    clause = row.clause
    cases = []
    for case in row.cases:
        last = row.ran.get(case.id)
        ran: dict[str, Any] = {"state": None}
        if last is not None:
            ran = {"state": row.of(last), "seconds": last.seconds, "when": last.when}
            ran |= {"note": last.note} if last.note else {}
        cases.append({"id": case.id, "tier": case.tier, "source": case.source, **ran})
    return {
        "id": clause.id,
        "title": clause.title,
        "level": clause.level,
        "revision": clause.revision,
        "statement": clause.statement,
        "tolerance": str(clause.tolerance),
        "place": clause.place,
        "signatures": list(clause.signatures),
        "section": clause.section,
        "source": clause.source,
        "state": row.state,
        "detail": str(row.standing),
        "ran": row.standing.ran,
        "after": after,
        "margin_used": _finite(row.margin),
        "margins": [{"what": what, "used": _finite(used)} for what, used in row.margins],
        "cases": cases,
    }


def _finite(used: float | None) -> float | None:
    return None if used is None or used == float("inf") else used
