"""The trace joins clauses, cases, outcomes and reviews, and names what is missing, unknown or out of date."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import to_json
from ptyspec.report import trace as views
from ptyspec.spec import outcomes as records
from ptyspec.spec.citations import Citation, unresolved
from ptyspec.spec.clause import Clause
from ptyspec.spec.collect import Case
from ptyspec.spec.fingerprint import Reviewed, review
from ptyspec.spec.outcomes import NOTHING, Outcomes
from ptyspec.spec.stamp import Stamps
from ptyspec.spec.trace import Trace, trace
from tests.spec_parts import RATIO, case, clause, ended, known, measured


def traced(
    *clauses: Clause,
    cases: Collection[Case] = (),
    ran: Outcomes = NOTHING,
    citations: Collection[Citation] = (),
    golden: Collection[str] = (),
    reviewed: dict[str, Reviewed] | None = None,
) -> Trace:
    """A trace whose clauses are reviewed as they are, unless told otherwise."""
    table = known(*clauses)
    done = review(table, cases, {}, table, "read") if reviewed is None else reviewed
    return trace(table, cases, ran, done, citations, golden)


def test_a_clause_whose_cases_passed_is_fine() -> None:
    found = traced(clause(), cases=[case()], ran=ended(test_a="passed"))
    assert found.status == "ok"
    assert found.findings == ()
    assert found.rows[0].state == "passed"
    assert views.summary(found) == "1 clauses: 1 passed; 1 of 1 cases are bound"


@pytest.mark.parametrize(
    ("words", "state", "status"),
    [
        pytest.param(
            {"test_a": "passed", "test_b": "failed"}, "failed", "violation", id="one-failed"
        ),
        pytest.param(
            {"test_a": "passed", "test_b": "error"}, "failed", "violation", id="one-broke"
        ),
        pytest.param(
            {"test_a": "passed", "test_b": "xpassed"}, "failed", "violation", id="unexpected-pass"
        ),
        pytest.param(
            {"test_a": "skipped", "test_b": "skipped"}, "skipped", "violation", id="skipped"
        ),
        pytest.param(
            {"test_a": "xfailed", "test_b": "skipped"},
            "skipped",
            "violation",
            id="expected-failure",
        ),
        pytest.param(
            {"test_a": "passed", "test_b": "skipped"}, "passed", "ok", id="passed-and-skipped"
        ),
        pytest.param({"test_a": "passed"}, "passed", "ok", id="one-not-run"),
        pytest.param({}, "not run", "incomplete", id="none-run"),
    ],
)
def test_the_state_of_a_must_follows_from_its_cases(
    words: dict[str, str], state: str, status: str
) -> None:
    found = traced(clause(), cases=[case("test_a"), case("test_b")], ran=ended(**words))
    assert (found.rows[0].state, found.status) == (state, status)


def test_a_must_without_a_case_is_a_violation_and_a_should_is_not() -> None:
    found = traced(clause(), clause("AREA-002", level="SHOULD", statement="It SHOULD be so."))
    assert [(f.severity, f.clause) for f in found.findings] == [
        ("violation", "AREA-001"),
        ("note", "AREA-002"),
    ]
    assert found.findings[0].next_step == "ptyspec new case AREA-001"
    assert found.findings[0].source == "specs/doc.md:7"


def test_what_failed_is_named_with_the_command_that_repeats_it() -> None:
    found = traced(
        clause(),
        cases=[case("test_a"), case("test_b")],
        ran=ended(test_a="passed", test_b="failed"),
    )
    assert [f.message for f in found.findings] == ["1 of 2 cases failed"]
    assert found.findings[0].next_step == "pytest 'tests/contract/test_x.py::test_b'"


def test_unknown_ids_citations_and_golden_files_are_violations() -> None:
    found = traced(
        clause(),
        cases=[case("test_a", "AREA-001"), case("test_b", "AREA-007")],
        ran=ended(test_a="passed"),
        citations=[
            Citation("AREA-008", "clause", "docs/a.md:3"),
            Citation("tests/t.py", "selector", "docs/a.md:4"),
        ],
        golden=["x.json: no case reads it"],
    )
    told = [(f.clause, f.message, f.source) for f in found.of("violation")]
    assert told == [
        ("AREA-007", "bound to, and not in any document", "tests/contract/test_x.py:3"),
        ("AREA-008", "cited, and not in any document", "docs/a.md:3"),
        ("", "tests/t.py collects nothing", "docs/a.md:4"),
        ("", "x.json: no case reads it", "golden"),
    ]


def test_a_skeleton_is_a_violation() -> None:
    found = traced(
        clause(statement="TODO: who MUST do what."),
        cases=[case()],
        ran=ended(test_a="passed"),
        reviewed={},
    )
    assert [f.message for f in found.findings] == [
        "it is a skeleton still",
        "new, and not reviewed yet",
    ]


def test_a_reviewed_clause_that_is_gone_is_told() -> None:
    gone = {"GONE-001": Reviewed(1, "f", "read", {})}
    found = traced(clause(), cases=[case()], ran=ended(test_a="passed"), reviewed=gone)
    assert ("GONE-001", "specs/reviewed.json") in [(f.clause, f.source) for f in found.findings]


@pytest.mark.parametrize(
    ("used", "words"),
    [
        pytest.param(0.005, ["loose"], id="loose"),
        pytest.param(0.2, [], id="sound"),
        pytest.param(0.6, ["tight"], id="tight"),
        pytest.param(None, ["no case uses"], id="unused"),
    ],
)
def test_margins_outside_one_to_fifty_percent_are_noted(
    used: float | None, words: list[str]
) -> None:
    margins = (
        []
        if used is None
        else [("AREA-001", "object", used), ("AREA-001", "probe", 0.001), ("B-001", "x", 0.9)]
    )
    found = traced(clause(tolerance=RATIO), cases=[case()], ran=measured(*margins))
    assert found.status == "ok"
    assert found.rows[0].margin == used
    assert len(found.findings) == len(words)
    assert all(word in f.message for word, f in zip(words, found.findings, strict=True))


def test_outcomes_of_cases_that_are_gone_do_not_count() -> None:
    found = traced(clause(), cases=[case("test_b")], ran=ended(test_a="passed"))
    assert found.rows[0].state == "not run"


def test_a_violation_outweighs_missing_evidence() -> None:
    found = traced(clause(), clause("AREA-002"), cases=[case()])
    assert [f.severity for f in found.findings] == ["incomplete", "violation"]
    assert found.status == "violation"


def test_json_holds_everything_and_no_infinity() -> None:
    margins = measured(("AREA-001", "object", float("inf")))
    found = traced(clause(tolerance=RATIO, signatures=(4,)), cases=[case()], ran=margins)
    content = json.loads(to_json(views.as_json(found)))
    assert content["status"] == "ok"
    assert content["counts"] == {"clauses": 1, "passed": 1, "cases": 1, "bound": 1}
    row = content["clauses"][0]
    assert (row["id"], row["state"], row["margin_used"], row["signatures"]) == (
        "AREA-001",
        "passed",
        None,
        [4],
    )
    assert row["cases"][0]["outcome"] == "passed"


def test_markdown_and_the_compliance_matrix_name_every_clause() -> None:
    found = traced(
        clause(), clause("AREA-002"), cases=[case(), case("test_b")], ran=ended(test_a="passed")
    )
    page = views.markdown(found)
    assert "| AREA-001 | Title of AREA-001 | MUST | 2 | passed | – |" in page
    assert "a MUST without a case" in page
    lines = views.compliance(found).splitlines()
    selector = "`pytest tests/contract/test_x.py::test_a tests/contract/test_x.py::test_b`"
    assert (
        f"| AREA-001 (MUST) | passed | {selector} | 2 | 2026-01-01: 1 passed, 1 not run |" in lines
    )
    assert "| AREA-002 (MUST) | no case | none | 0 | not run |" in lines


@pytest.fixture
def citing(tmp_path: Path) -> Path:
    for folder in ("docs", "specs", "ptyspec"):
        (tmp_path / folder).mkdir()
    return tmp_path


CITED = {
    "clause": ("see AREA-003 and OTHER-001", ["OTHER-001"]),
    "clause-with-parts": ("BUG-TF-REASSEMBLE-001", ["BUG-TF-REASSEMBLE-001"]),
    "not-a-clause": ("SHA-256, UTF-8, N-1, X-1234, ABC-12", []),
    "file": ("`pytest tests/contract/test_x.py`", []),
    "lost-file": ("`pytest tests/contract/test_y.py`", ["tests/contract/test_y.py"]),
    "function": ("tests/contract/test_x.py::test_a.", []),
    "lost-function": ("(tests/contract/test_x.py::test_z)", ["tests/contract/test_x.py::test_z"]),
    "row": ("tests/contract/test_x.py::test_r[gs-1]", []),
    "lost-row": (
        "tests/contract/test_x.py::test_r[gs-9]",
        ["tests/contract/test_x.py::test_r[gs-9]"],
    ),
    "folder": ("`pytest tests/contract`", []),
    "lost-folder": ("`pytest -q tests/parity`", ["tests/parity"]),
    "mark": ("`pytest -m contract -n auto`", []),
    "lost-mark": ("`pytest -m parity -n auto`", ["-m parity"]),
    "helper": ("tests/child.py", []),
}


@pytest.mark.parametrize(("text", "lost"), CITED.values(), ids=CITED)
def test_a_citation_resolves_or_is_named_with_its_line(
    citing: Path, text: str, lost: list[str]
) -> None:
    for name in ("docs/page.md", "README.md", "specs/doc.md"):
        (citing / name).write_text(f"# Page\n\n{text}\n", encoding="utf-8")
        found = unresolved(citing, {"A-001"}, [case("test_a"), case("test_r[gs-1]")])
        assert [(one.what, one.source) for one in found] == [(what, f"{name}:3") for what in lost]
        (citing / name).unlink()


def test_a_clause_cited_in_code_must_exist(citing: Path) -> None:
    (citing / "ptyspec" / "a.py").write_text(
        '"""Undone (GAIN-001)."""\nX = 1  # GAIN-002\n', encoding="utf-8"
    )
    found = unresolved(citing, {"GAIN-001"}, [])
    assert [(one.what, one.kind, one.source) for one in found] == [
        ("GAIN-002", "clause", "ptyspec/a.py:2")
    ]


def written(root: Path, text: str) -> Path:
    path = root / records.FILE
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return root


def test_outcomes_are_read_from_the_cache(tmp_path: Path) -> None:
    assert records.outcomes(tmp_path) == NOTHING
    row = {
        "outcome": "passed",
        "seconds": 0.5,
        "when": "t",
        "clauses": [],
        "margins": [["A-001", "x", None]],
    }
    row["code"] = Stamps(tmp_path).of("a")
    content = {"schema_version": 2, "environment": "here", "cases": {"a": row}}
    found = records.outcomes(written(tmp_path, json.dumps(content)))
    assert (found.environment, found.cases["a"].outcome) == ("here", "passed")
    assert found.cases["a"].margins == (("A-001", "x", float("inf")),)
    row["code"] = "of other code"
    (tmp_path / records.FILE).write_text(json.dumps(content), encoding="utf-8")
    assert records.outcomes(tmp_path) == Outcomes("here", {}, frozenset({"a"}))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"schema_version": 1, "environment": "", "cases": {}}', id="version"),
        pytest.param('{"schema_version": 2, "environment": "", "cases": {"a": {}}}', id="row"),
        pytest.param('{"schema_version": 2, "environment": "", "cases": []}', id="cases"),
        pytest.param("[]", id="list"),
        pytest.param("{", id="text"),
    ],
)
def test_a_damaged_record_of_outcomes_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PtyspecError, match="outcomes"):
        records.outcomes(written(tmp_path, text))
