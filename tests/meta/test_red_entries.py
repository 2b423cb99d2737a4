"""tests/red: every clause can be broken, and each entry still fits the sources that it edits."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.files.jsonfile import write_json
from ptyspec.spec.registry import specification
from tests.red.entries import Entry, EntryError, read
from tests.red.page import as_json, kept, page
from tests.red.runner import Result, missing
from tests.spec_parts import case, clause, known

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return read(ROOT / "tests" / "red")


def test_every_clause_has_an_entry(entries: list[Entry]) -> None:
    assert missing(specification(), entries) == []


def test_every_entry_breaks_a_clause_that_exists(entries: list[Entry]) -> None:
    assert [one.clause for one in entries if one.clause not in specification()] == []


def test_every_edit_can_be_made(entries: list[Entry]) -> None:
    found = {f"{one.document}: {one.clause}": one.problem(ROOT) for one in entries}
    assert {name: problem for name, problem in found.items() if problem} == {}


def entry(**changes: str) -> Entry:
    given = {
        "clause": "AREA-001",
        "story": "s",
        "file": "a.py",
        "find": "x = 1",
        "replace": "x = 2",
    }
    return Entry("doc", **{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({}, "", id="fits"),
        pytest.param({"find": "y = 1"}, "`find` occurs 0 times in a.py", id="lost"),
        pytest.param({"find": "1"}, "`find` occurs 2 times in a.py", id="twice"),
        pytest.param({"file": "b.py"}, "there is no file b.py", id="file"),
        pytest.param({"replace": "x = 1"}, "`replace` is what was there", id="nothing"),
    ],
)
def test_an_edit_that_cannot_be_made_says_why(
    tmp_path: Path, changes: dict[str, str], problem: str
) -> None:
    (tmp_path / "a.py").write_text("x = 1\nz = 1\n", encoding="utf-8")
    found = entry(**changes).problem(tmp_path)
    assert found.startswith(problem)
    assert bool(found) == bool(problem)


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        pytest.param("", 3, id="all"),
        pytest.param("tests/contract/test_x.py", 2, id="file"),
        pytest.param("tests/contract/test_x.py::test_a", 2, id="function"),
        pytest.param("tests/contract/test_x.py::test_a[x]", 1, id="row"),
        pytest.param("tests/contract/test_x.py::test_c", 0, id="of-another-clause"),
    ],
)
def test_an_entry_chooses_among_the_cases_of_its_clause_cheap_ones_first(
    chosen: str, count: int
) -> None:
    cases = [
        case("test_p", tier="parity"),
        case("test_a[x]"),
        case("test_a[y]"),
        case("test_c", "AREA-002"),
    ]
    found = entry(case=chosen).chosen(cases)
    assert len(found) == count
    assert not found or found[0].tier == "contract"


def test_a_clause_without_an_entry_is_missing() -> None:
    assert missing(known(clause(), clause("AREA-002")), [entry()]) == ["AREA-002"]


KILLED = Result(
    entry(),
    "killed",
    1.5,
    "t.py::test_a[x]",
    ("AREA-001 · T (MUST)", "  observed   x: 2", "  expected   1"),
)


@pytest.mark.parametrize("changed", ["", "a.py", "t.py"], ids=["nothing", "edited-file", "case"])
def test_a_former_result_is_kept_while_edit_file_and_case_are_what_they_were(
    tmp_path: Path, changed: str
) -> None:
    for name in ("a.py", "t.py"):
        (tmp_path / name).write_text("x = 1", encoding="utf-8")
    survived = Result(entry(clause="AREA-002"), "survived")
    write_json(tmp_path / "red.json", as_json(tmp_path, [KILLED, survived], []))
    if changed:
        (tmp_path / changed).write_text("x = 1 ", encoding="utf-8")
    entries = [entry(), entry(clause="AREA-002"), entry(clause="AREA-003")]
    assert kept(tmp_path, tmp_path / "red.json", entries) == ([] if changed else [KILLED])
    assert kept(tmp_path, tmp_path / "none.json", entries) == []


def test_the_page_tells_what_was_broken_and_what_was_said() -> None:
    text = page(
        [KILLED, Result(entry(clause="AREA-002", story="a | b"), "survived", reason="green")],
        ["AREA-003"],
    )
    assert "| AREA-001 | s | a.py | test\\_a | observed x: 2; expected 1 |" in text
    assert (
        "1 clauses seen red by 1 edits; 1 edits survived, 0 were invalid, 1 clauses have none."
        in text
    )
    assert "| AREA-002 | a \\| b | green |" in text
    assert "## Never broken\n\nAREA-003" in text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- clause: A-001\n  story: s\n", id="lacks-keys"),
        pytest.param(
            "- {clause: A, story: s, file: f, find: a, replace: b, cases: c}", id="unknown-key"
        ),
        pytest.param("- {clause: A, story: s, file: f, find: 1, replace: b}", id="number"),
        pytest.param("clause: A", id="no-list"),
        pytest.param("- [", id="no-yaml"),
        pytest.param("- text", id="text"),
    ],
)
def test_a_malformed_entry_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "doc.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(EntryError, match=r"doc\.yaml"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["DATA-0001"], "DATA-001", id="clause"),
        pytest.param(["--document", "data_contract"], "data_contracts", id="document"),
    ],
)
def test_a_selection_of_nothing_is_refused_with_what_there_is(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.red import __main__ as red

    monkeypatch.setattr(red, "collect", lambda root: [])
    assert red.main(words) == 2
    assert told in capsys.readouterr().err
