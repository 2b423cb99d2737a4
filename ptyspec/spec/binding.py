"""Which clauses a case is bound to: the ids of its `clause` markers."""

from __future__ import annotations

import pytest

from ptyspec.spec.clause import Clause
from ptyspec.spec.registry import specification


def clauses_of(item: pytest.Item, known: bool = False) -> tuple[Clause, ...]:
    """Return a case's clauses, nearest marker first, each once.

    Raises UnknownClauseError for an unknown id; `known` leaves those out.
    """
    ids = dict.fromkeys(name for mark in item.iter_markers("clause") for name in mark.args)
    rules = specification()
    return tuple(rules[name] for name in ids if not known or name in rules)
