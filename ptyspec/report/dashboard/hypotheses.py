"""The hypotheses as they stand: verdicts that were computed, with effect, margin, scope, history and records."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

BOARD = "ptyspec.experiments.board"
VERDICTS = ("CONFIRMED", "RULED OUT", "OPEN")


def board() -> list[dict[str, Any]]:
    """Return the rows of the evidence's board; none where this version has no evidence to judge."""
    if (
        importlib.util.find_spec("ptyspec.experiments") is None
        or importlib.util.find_spec(BOARD) is None
    ):
        return []
    return [dict(row) for row in importlib.import_module(BOARD).board()]


def by_id(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return hypotheses by id: open ones last, each kind in the order of the board."""
    order = {verdict: at for at, verdict in enumerate(VERDICTS)}
    return {
        str(row["id"]): dict(row)
        for row in sorted(rows, key=lambda row: order.get(row["verdict"], len(order)))
    }


def counts(hypotheses: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return how many hypotheses have each verdict."""
    return {
        verdict: sum(row["verdict"] == verdict for row in hypotheses.values())
        for verdict in VERDICTS
    }
