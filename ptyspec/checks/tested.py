"""Which tests stand behind the clauses that an audit names: collected from the checkout, and how they last ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import ptyspec
from ptyspec.errors import PtyspecError
from ptyspec.spec.clause import Clause
from ptyspec.spec.registry import specification


def checkout() -> Path | None:
    """Return the checkout that this package runs from, or None where it is installed without its tests."""
    root = Path(ptyspec.__file__).resolve().parents[1]
    return root if (root / "specs").is_dir() and (root / "tests").is_dir() else None


def behind(clauses: Collection[str], root: Path | None) -> dict[str, Any]:
    """Return each clause with its bound cases: how many, their selectors, how each last ended.

    The cases are really collected (seconds where code has changed since); outcomes are those of the last test runs in
    this checkout, with their time: none is run here. Without a checkout, or where the suite cannot be collected,
    `reason` says so and there are no counts.
    """
    known = specification()
    rows = {name: _rule(known[name]) for name in known if name in clauses}
    if root is None:
        return {
            "reason": "not run inside a checkout: there are no tests to collect",
            "clauses": rows,
        }
    from ptyspec.spec.collect import collect
    from ptyspec.spec.outcomes import outcomes
    from ptyspec.spec.trace import trace

    try:
        found = trace({name: known[name] for name in rows}, collect(root), outcomes(root), {})
    except PtyspecError as error:
        return {"reason": str(error), "clauses": rows}
    for row in found.rows:
        ended = Counter(outcome.outcome for outcome in row.outcomes.values())
        rows[row.clause.id]["tests"] = {
            "state": row.state,
            "collected": len(row.cases),
            "passed": ended["passed"],
            "failed": len(row.failed),
            "not_run": row.missing,
            "last": row.last or None,
            "selectors": row.selectors,
        }
    return {"reason": None, "clauses": rows}


def _rule(clause: Clause) -> dict[str, Any]:
    return {
        "title": clause.title,
        "level": clause.level,
        "statement": clause.statement,
        "source": clause.source,
        "tests": None,
    }
