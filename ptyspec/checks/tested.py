"""Which tests stand behind the clauses that an audit names: collected from the checkout, and how they last ended."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import ptyspec
from ptyspec.checks.documents import Cases, Rule, Tests
from ptyspec.errors import PtyspecError
from ptyspec.spec.clause import Clause
from ptyspec.spec.finding import State
from ptyspec.spec.registry import specification

if TYPE_CHECKING:
    from ptyspec.spec.trace import Row


def checkout() -> Path | None:
    """Return the checkout that this package runs from, or None where it is installed without its tests."""
    root = Path(ptyspec.__file__).resolve().parents[1]
    return root if (root / "specs").is_dir() and (root / "tests").is_dir() else None


def behind(clauses: Collection[str], root: Path | None) -> Tests:
    """Return each clause with its bound cases: how many, their selectors, how each last ended.

    The cases are really collected (seconds where code has changed since); outcomes are those of the last test runs in
    this checkout, with their time: none is run here. Without a checkout, or where the suite cannot be collected,
    `reason` says so and there are no counts.
    """
    known = {name: clause for name, clause in specification().items() if name in clauses}
    rules = {name: _rule(clause) for name, clause in known.items()}
    if root is None:
        reason = "not run inside a checkout: there are no tests to collect"
        return Tests(reason=reason, clauses=rules)
    from ptyspec.spec.collect import collect
    from ptyspec.spec.ledger import read
    from ptyspec.spec.stamp import Stamps
    from ptyspec.spec.trace import trace

    try:
        traced = trace(known, collect(root), read(root, Stamps(root).of), {})
    except PtyspecError as error:
        return Tests(reason=str(error), clauses=rules)
    counted = {row.clause.id: _rule(row.clause, _cases(row)) for row in traced.rows}
    return Tests(reason=None, clauses={**rules, **counted})


def _cases(row: Row) -> Cases:
    return Cases(
        state=str(row.standing),
        collected=len(row.cases),
        passed=len(row.cases_in(State.PASSED)),
        failed=len(row.failed),
        not_run=row.missing,
        last=row.last or None,
        selectors=row.selectors,
    )


def _rule(clause: Clause, cases: Cases | None = None) -> Rule:
    return Rule(
        title=clause.title,
        level=clause.level,
        statement=clause.statement,
        source=clause.source,
        tests=cases,
    )
