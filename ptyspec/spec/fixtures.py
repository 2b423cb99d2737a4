"""Fixtures of a clause's cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ptyspec.spec.binding import clauses_of

if TYPE_CHECKING:
    from ptyspec.spec.checks import Check


@pytest.fixture
def clause(request: pytest.FixtureRequest) -> Check:
    """The assertions of the clause this case is bound to; called with an id, those of its other clauses."""
    from ptyspec.spec.checks import Check  # numpy: not before a case needs it

    bound = clauses_of(request.node)
    if not bound:
        raise pytest.UsageError(f"{request.node.nodeid} asks for its clause and has no clause marker")
    return Check(bound[0], request.node.nodeid, others=bound[1:])
