"""docs/failure-signatures.md: every failure of the investigation, and the clauses that catch it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.spec import signatures
from ptyspec.spec.registry import specification
from ptyspec.spec.signatures import (
    COMMAND,
    OUT_OF_SCOPE,
    covered,
    signatures_page,
    texts,
    uncovered,
)
from tests.spec_parts import clause, known

PAGE = Path(__file__).parents[2] / "docs" / "failure-signatures.md"


def test_every_signature_is_covered_by_a_clause_or_left_out_with_a_reason() -> None:
    assert uncovered(specification()) == []


def test_what_is_left_out_has_a_reason_and_no_clause() -> None:
    assert all(OUT_OF_SCOPE.values())
    assert [
        number for number, _, found in covered(specification()) if number in OUT_OF_SCOPE and found
    ] == []


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == signatures_page(specification()), (
        f"write it again: {COMMAND}"
    )


def test_there_are_eighty_signatures() -> None:
    assert list(texts()) == list(range(1, 81))
    assert len(set(texts().values())) == 80


def test_a_signature_without_a_clause_is_found_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    clauses = known(clause(signatures=tuple(range(3, 81))), clause("AREA-002", signatures=(80,)))
    assert uncovered(clauses) == [1, 2]
    monkeypatch.setitem(signatures.OUT_OF_SCOPE, 2, "it needs a torch")
    assert uncovered(clauses) == [1]
    page = signatures_page(clauses)
    assert f"| 1 | {texts()[1]} | none: not covered |  |" in page
    assert f"| 2 | {texts()[2]} | none: it needs a torch |  |" in page
    assert f"| 80 | {texts()[80]} | AREA-001, AREA-002 | [doc.md](../specs/doc.md) |" in page


def test_the_command_lists_signatures_with_their_clauses() -> None:
    result = CliRunner().invoke(app, ["trace", "--signatures", "--json"])
    content = json.loads(result.stdout)
    assert content["uncovered"] == uncovered(specification())
    assert content["signatures"][0]["text"] == texts()[1]
    assert all(name in specification() for row in content["signatures"] for name in row["clauses"])
