"""A trace as data and as a table."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ptyspec.render.table import Table
from ptyspec.spec.clause import Clause
from ptyspec.spec.trace import Row, Trace


def as_json(trace: Trace) -> dict[str, Any]:
    """Return the whole trace as JSON values, its headline on top."""
    after = trace.follows
    return {
        "schema_version": 2,
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
    beside = ("clauses", "cases", "bound")
    states = ", ".join(f"{found[state]} {state}" for state in found if state not in beside)
    return f"{found['clauses']} clauses: {states or 'none'}; {found['bound']:,} of {found['cases']:,} cases are bound"


def margin(row: Row) -> str:
    """Return the largest share of the tolerance that was used, in percent; a dash where nothing was measured."""
    if row.margin is None:
        return "–"
    return f"{100 * row.margin:.2g} %" if row.margin < 10 else "> 1000 %"


def table(rows: Sequence[Row], styles: Mapping[str, str] | None = None) -> Table:
    """Return one row a clause: its cases, its state, how much of its tolerance was used."""
    cells = []
    for row in rows:
        one, state = row.clause, str(row.standing)
        cells.append((one.id, one.level, len(row.cases), state, margin(row), one.title))
    head = ("clause", "level", "cases", "state", "margin", "title")
    return Table(head, cells, numbers=("cases", "margin"), styles=styles or {})


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
