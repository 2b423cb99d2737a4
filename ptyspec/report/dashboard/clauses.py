"""The clause board: every clause with its state, margin and cases, from the trace; without a checkout, the text alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ptyspec.report.trace import finite, said
from ptyspec.spec.clause import PLACES, Clause
from ptyspec.spec.finding import State
from ptyspec.spec.trace import Row, Trace

MOST = 6
"""So many quantities and failed cases of a clause are listed."""
PARTLY = "partly run"
COUNTS = (str(State.PASSED), PARTLY, *(str(state) for state in State if state is not State.PASSED))
"""The states that a reader sees counted; what passed in some of its cases alone is counted apart."""


def from_trace(trace: Trace) -> dict[str, dict[str, Any]]:
    """Return every clause by id, as JSON values, in the order of the documents."""
    after = trace.follows
    return {
        row.clause.id: _clause(row.clause) | _evidence(row, after.get(row.clause.id, ""))
        for row in trace.rows
    }


def from_text(clauses: Iterable[Clause]) -> dict[str, dict[str, Any]]:
    """Return clauses of which nothing is known but what they say: an installation has no cases."""
    detail = {"detail": "no checkout with tests"}
    return {
        clause.id: _clause(clause) | _evidence(Row(clause, (), {}), "") | detail
        for clause in clauses
    }


def _clause(clause: Clause) -> dict[str, Any]:
    return {**said(clause), "why": clause.why, "document": clause.document}


def _evidence(row: Row, after: str) -> dict[str, Any]:
    margins = sorted(row.margins, key=lambda pair: -pair[1])[:MOST]
    standing = row.standing
    return {
        "state": str(standing.state),
        "ran": standing.ran,
        "detail": str(standing),
        "after": after,
        "margin": finite(row.margin),
        "margins": [{"what": what, "used": finite(used)} for what, used in margins],
        "cases": len(row.cases),
        "outcomes": dict(Counter(str(row.of(outcome)) for outcome in row.ran.values())),
        "failed": row.failed[:MOST],
        "last": row.last,
        "selectors": row.selectors[:MOST],
    }


def word(row: Mapping[str, Any]) -> str:
    """Return the state of a clause as it is counted and drawn."""
    partly = row["state"] == State.PASSED and row["ran"] < row["cases"]
    return PARTLY if partly else str(row["state"])


def counts(clauses: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return how many clauses there are, and how many in each state."""
    found = Counter(word(row) for row in clauses.values())
    return {"clauses": len(clauses), **{state: found[state] for state in COUNTS}}


def grid(clauses: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Return ids by document and place, places in the order of a run, documents in their own."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, row in clauses.items():
        cells = found.setdefault(str(row["document"]), {place: [] for place in PLACES})
        cells[str(row["place"])].append(name)
    return found
