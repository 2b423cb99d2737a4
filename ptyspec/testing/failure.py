"""What a failed case says of its clauses when its assertion does not say it: rule, limit, stage and the next command."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ptyspec.spec.clause import Clause

MAX_CLAUSES = 3


def explains_itself(call: pytest.CallInfo[None]) -> bool:
    """Whether the failure came from a check, which names its clause."""
    from ptyspec.spec.checks import ClauseViolation

    return call.excinfo is not None and call.excinfo.errisinstance(ClauseViolation)


def section(clauses: Sequence[Clause], case: str, options: Sequence[str]) -> str:
    """Return the text of the report section `clause`."""
    from ptyspec.spec.checks import reproduction

    lines: list[str] = []
    for clause in clauses[:MAX_CLAUSES]:
        rows = {"rule": clause.statement, "limit": str(clause.tolerance), "stage": clause.place}
        lines += [f"{clause.id} · {clause.title} ({clause.level}, {clause.source})"]
        lines += [f"  {name:<10} {text}" for name, text in rows.items()]
    if len(clauses) > MAX_CLAUSES:
        lines.append(f"and {', '.join(clause.id for clause in clauses[MAX_CLAUSES:])}")
    return "\n".join([*lines, f"  {'reproduce':<10} {reproduction(case, options)}"])
