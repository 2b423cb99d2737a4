"""Small clauses, cases, outcomes and reviews for tests of the trace."""

from __future__ import annotations

from pathlib import Path

from ptyspec.spec.clause import EXACT, Clause, Level, Tolerance
from ptyspec.spec.collect import Case
from ptyspec.spec.outcomes import Outcome, Outcomes
from ptyspec.spec.registry import Registry

RATIO = Tolerance(0.1, "ratio", "assigned", "this test")


def clause(
    name: str = "AREA-001",
    *,
    level: Level = "MUST",
    statement: str = "It MUST be so.",
    revision: int = 1,
    tolerance: Tolerance = EXACT,
    signatures: tuple[int, ...] = (),
) -> Clause:
    return Clause(
        id=name,
        title=f"Title of {name}",
        revision=revision,
        level=level,
        statement=statement,
        why="Because.",
        tolerance=tolerance,
        place="run",
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


def ended(**outcomes: str) -> Outcomes:
    """Outcomes of cases by function name."""
    rows = {
        f"tests/contract/test_x.py::{name}": Outcome(word, 0.1, "2026-01-01", ())
        for name, word in outcomes.items()
    }
    return Outcomes("here", rows)


def measured(*margins: tuple[str, str, float]) -> Outcomes:
    row = Outcome("passed", 0.1, "2026-01-01", margins)
    return Outcomes("here", {"tests/contract/test_x.py::test_a": row})
