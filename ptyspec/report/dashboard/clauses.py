"""The clause board: every clause with its state, margin and cases, from the trace; without a checkout, the text alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ptyspec.spec.clause import PLACES, Clause
from ptyspec.spec.trace import Row, Trace

STATES = {
    "passed": "pass",
    "failed": "fail",
    "no case": "uncovered",
    "skipped": "uncovered",
    "not run": "uncovered",
}
"""What a reader sees of a trace's states; the finer word stands beside it."""
MOST = 6
"""So many quantities and failed cases of a clause are listed."""


def from_trace(trace: Trace) -> dict[str, dict[str, Any]]:
    """Return every clause by id, as JSON values, in the order of the documents."""
    return {row.clause.id: _clause(row.clause) | _evidence(row) for row in trace.rows}


def from_text(clauses: Iterable[Clause]) -> dict[str, dict[str, Any]]:
    """Return clauses of which nothing is known but what they say: an installation has no cases."""
    nothing: dict[str, Any] = {
        "state": "uncovered",
        "detail": "no checkout with tests",
        "margin": None,
        "margins": [],
        "cases": 0,
        "outcomes": {},
        "failed": [],
        "last": "",
        "selectors": [],
    }
    return {clause.id: _clause(clause) | nothing for clause in clauses}


def _clause(clause: Clause) -> dict[str, Any]:
    return {
        "title": clause.title,
        "level": clause.level,
        "statement": clause.statement,
        "why": clause.why,
        "tolerance": str(clause.tolerance),
        "place": clause.place,
        "document": clause.document,
        "section": clause.section,
        "source": clause.source,
        "revision": clause.revision,
        "signatures": list(clause.signatures),
    }


def _evidence(row: Row) -> dict[str, Any]:
    margins = sorted(row.margins, key=lambda pair: -pair[1])[:MOST]
    return {
        "state": STATES[row.state],
        "detail": row.state,
        "margin": _finite(row.margin),
        "margins": [{"what": what, "used": _finite(used)} for what, used in margins],
        "cases": len(row.cases),
        "outcomes": dict(Counter(outcome.outcome for outcome in row.outcomes.values())),
        "failed": row.failed[:MOST],
        "last": row.last,
        "selectors": row.selectors[:MOST],
    }


def _finite(used: float | None) -> float | None:
    return None if used is None or not math.isfinite(used) else float(f"{used:.4g}")


def counts(clauses: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return how many clauses there are, and how many pass, fail and are uncovered."""
    found = Counter(str(row["state"]) for row in clauses.values())
    return {
        "clauses": len(clauses),
        **{state: found[state] for state in ("pass", "fail", "uncovered")},
    }


def grid(clauses: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Return ids by document and place, places in the order of a run, documents in their own."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, row in clauses.items():
        cells = found.setdefault(str(row["document"]), {place: [] for place in PLACES})
        cells[str(row["place"])].append(name)
    return found
