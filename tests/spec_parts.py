"""Small clauses, cases, outcomes and reviews for tests of the trace."""

from __future__ import annotations

from pathlib import Path

from ptyspec.spec.cases import Case
from ptyspec.spec.clause import EXACT, Clause, Level, Registry, Tolerance
from ptyspec.spec.finding import State
from ptyspec.spec.ledger import Ledger, Outcome

RATIO = Tolerance(0.1, "ratio", "assigned", "this test")


def clause(
    name: str = "AREA-001",
    *,
    level: Level = "MUST",
    statement: str = "It MUST be so.",
    revision: int = 1,
    tolerance: Tolerance = EXACT,
    signatures: tuple[int, ...] = (),
    place: str = "run",
) -> Clause:
    return Clause(
        id=name,
        title=f"Title of {name}",
        revision=revision,
        level=level,
        statement=statement,
        why="Because.",
        tolerance=tolerance,
        place=place,
        signatures=signatures,
        section="S",
        path=Path("specs/doc.md"),
        line=7,
    )


def known(*clauses: Clause) -> Registry:
    return Registry(Path("specs"), {one.id: one for one in clauses})


def case(name: str = "test_a", *clauses: str, digest: str = "d1", tier: str = "contract") -> Case:
    return Case(
        f"tests/{tier}/test_x.py::{name}",
        clauses or ("AREA-001",),
        tier,
        f"tests/{tier}/test_x.py",
        3,
        digest,
    )


FUNCTION = "tests/contract/test_x.py::{}"


def ended(*, expected: tuple[str, ...] = (), **states: str) -> Ledger:
    """Cases of AREA-001 by function name, with the state that each left of it."""
    rows = {
        FUNCTION.format(name): Outcome(
            State(word), {"AREA-001": State(word)}, name in expected, when="2026-01-01"
        )
        for name, word in states.items()
    }
    return Ledger("here", rows)


def measured(*margins: tuple[str, str, float]) -> Ledger:
    clauses = {"AREA-001": State.PASSED}
    row = Outcome(State.PASSED, clauses, when="2026-01-01", margins=list(margins))
    return Ledger("here", {FUNCTION.format("test_a"): row})
