"""docs/failure-signatures.md: every failure of the investigation, and the clauses that catch it."""

from __future__ import annotations

from pathlib import Path

from docs.site.signatures import COMMAND, signatures_page, texts, uncovered
from ptyspec.spec.clause import specification
from tests.spec_parts import clause, known

PAGE = Path(__file__).parents[2] / "docs" / "failure-signatures.md"


def test_every_one_of_the_eighty_signatures_is_covered_by_a_clause() -> None:
    assert list(texts()) == list(range(1, 81))
    assert len(set(texts().values())) == 80
    assert uncovered(specification()) == []


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == signatures_page(specification()), (
        f"write it again: {COMMAND}"
    )


def test_a_signature_without_a_clause_is_found_and_shown() -> None:
    clauses = known(clause(signatures=tuple(range(2, 81))), clause("AREA-002", signatures=(80,)))
    assert uncovered(clauses) == [1]
    page = signatures_page(clauses)
    assert f"| 1 | {texts()[1]} | none |  |" in page
    assert f"| 80 | {texts()[80]} | AREA-001, AREA-002 | [doc.md](../specs/doc.md) |" in page
