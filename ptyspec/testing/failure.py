"""How a case ended, told from what it raised; and what a failure says that names no clause."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from ptyspec.spec.cases import source_tree
from ptyspec.spec.clause import Clause
from ptyspec.spec.finding import State

MAX_CLAUSES = 3
ASSERTING = ("raises", "warns", "fail")
"""Calls that assert, beside all whose name begins with `assert`."""


def blamed(raised: Sequence[BaseException]) -> list[str]:
    """Return the clauses whose checks raised."""
    return [
        name for one in _flat(raised) if assertion(one) and (name := getattr(one, "clause", ""))
    ]


def assertion(error: BaseException) -> bool:
    """Whether this is a failed assertion: of a check, of `assert`, of pytest.raises or pytest.fail."""
    return isinstance(error, AssertionError | pytest.fail.Exception)


def ended(raised: Sequence[BaseException], *, setup: bool, expected: bool) -> State:
    """Return how a case ended that raised these: an exception that is no assertion is an error.

    In a fixture a check alone counts as an assertion. `expected`: the failure of a clause was
    expected, and came.
    """
    found = list(_flat(raised))
    if not found:
        return State.PASSED
    if any(isinstance(one, pytest.xfail.Exception) for one in found):
        return State.FAILED if expected else State.NOT_RUN
    if any(isinstance(one, pytest.skip.Exception) for one in found):
        return State.NOT_RUN
    checks = all(assertion(one) and (not setup or getattr(one, "clause", "")) for one in found)
    return State.FAILED if checks else State.ERROR


def _flat(raised: Sequence[BaseException]) -> Iterator[BaseException]:
    for one in raised:
        if isinstance(one, BaseExceptionGroup):
            yield from _flat(one.exceptions)
        else:
            yield one


def asserts(item: pytest.Item) -> bool:
    """Whether the source of a case holds assertions, which pass where the case passes."""
    return _asserts(getattr(item, "function", None))


@cache
def _asserts(function: Any) -> bool:
    tree = source_tree(getattr(getattr(function, "hypothesis", None), "inner_test", function))
    nodes = () if tree is None else ast.walk(tree)
    return any(isinstance(node, ast.Assert) or _is_asserting(node) for node in nodes)


def _is_asserting(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).rpartition(".")[2]
    return name.startswith("assert") or name in ASSERTING


def section(clauses: Sequence[Clause], case: str, options: Sequence[str]) -> str:
    """Return the text of the report section `clause`."""
    from ptyspec.spec.checks import reproduction, told

    lines = [
        told(one, rule=one.statement, limit=str(one.tolerance), stage=one.place)
        for one in clauses[:MAX_CLAUSES]
    ]
    if len(clauses) > MAX_CLAUSES:
        lines.append(f"and {', '.join(clause.id for clause in clauses[MAX_CLAUSES:])}")
    return "\n".join([*lines, f"  {'reproduce':<10} {reproduction(case, options)}"])
