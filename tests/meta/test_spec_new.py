"""`ptyspec new`: a clause's skeleton at its place, a case's skeleton that fails, and nothing overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.spec.clause import parse

TEXT = """# Title

## First
### GAIN-001 · One {r1}
It MUST be.

- Why: so.
- Tolerance: exact
- Place: normalize

## Second

### FILE-001 · Two {r1}
It MUST be.

- Why: so.
- Tolerance: exact
- Place: files
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "tests" / "contract").mkdir(parents=True)
    (tmp_path / "specs" / "doc.md").write_text(TEXT, encoding="utf-8")
    return tmp_path


def new(root: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["new", *words, "--root", str(root)], env={"COLUMNS": "200"})


def test_a_clause_goes_to_the_section_of_its_area_and_can_be_read(root: Path) -> None:
    result = new(root, "clause", "GAIN-002", "--title", "A gain is stored", "--in", "doc.md")
    assert result.exit_code == 0, result.output
    assert "wrote specs/doc.md:11: GAIN-002" in result.stdout
    found = parse(root / "specs" / "doc.md")
    assert [(one.id, one.section, one.place, one.level) for one in found] == [
        ("GAIN-001", "First", "normalize", "MUST"),
        ("GAIN-002", "First", "normalize", "MUST"),
        ("FILE-001", "Second", "files", "MUST"),
    ]
    kept = [
        line
        for line in (root / "specs" / "doc.md").read_text(encoding="utf-8").splitlines()
        if line
    ]
    assert [line for line in TEXT.splitlines() if line and line not in kept] == []


def test_a_clause_of_a_new_area_goes_to_the_last_section_or_where_it_is_told(root: Path) -> None:
    new(root, "clause", "NEW-001", "--title", "Last", "--in", "doc")
    new(root, "clause", "NEW-SUB-001", "--title", "First", "--in", "doc", "--section", "First")
    found = {one.id: one.section for one in parse(root / "specs" / "doc.md")}
    assert (found["NEW-001"], found["NEW-SUB-001"]) == ("Second", "First")


REFUSED = {
    "taken": (("clause", "GAIN-001", "--title", "Again", "--in", "doc.md"), "GAIN-002 is free"),
    "id": (("clause", "gain-2", "--title", "Again", "--in", "doc.md"), "AREA-001 · One line"),
    "section": (
        ("clause", "GAIN-002", "--title", "Again", "--in", "doc.md", "--section", "X"),
        "First, Second",
    ),
    "document": (("clause", "GAIN-002", "--title", "Again", "--in", "dok.md"), "limit: doc.md"),
    "unknown": (("case", "GAIN-009"), "did you mean GAIN-001"),
    "tier": (("case", "GAIN-001", "--tier", "speed"), "there is no such tier"),
}


@pytest.mark.parametrize(("words", "text"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    root: Path, words: tuple[str, ...], text: str
) -> None:
    result = new(root, *words)
    assert result.exit_code == 2
    assert text in result.stderr
    assert (root / "specs" / "doc.md").read_text(encoding="utf-8") == TEXT
    assert list((root / "tests" / "contract").iterdir()) == []


def test_a_case_is_written_once(root: Path) -> None:
    result = new(root, "case", "GAIN-001")
    assert result.exit_code == 0, result.output
    path = root / "tests" / "contract" / "test_gain_001.py"
    text = path.read_text(encoding="utf-8")
    assert '@pytest.mark.clause("GAIN-001")\ndef test_one(clause: Check) -> None:' in text
    assert "next: pytest tests/contract/test_gain_001.py" in result.stdout
    again = new(root, "case", "GAIN-001")
    assert again.exit_code == 2
    assert "the file exists" in again.stderr
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "document", ["../notes", "/notes.md", "specs/doc"], ids=["above", "absolute", "with-folder"]
)
def test_a_document_outside_specs_is_refused(root: Path, document: str) -> None:
    (root / "notes.md").write_text(TEXT, encoding="utf-8")
    result = new(root, "clause", "AREA-001", "--title", "A good title", "--in", document)
    assert result.exit_code == 2
    assert document in result.output
    assert (root / "notes.md").read_text(encoding="utf-8") == TEXT
