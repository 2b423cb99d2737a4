"""The trace joins clauses, cases, outcomes and reviews, and names what is missing, unknown or out of date."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import to_json
from ptyspec.report import trace as views
from ptyspec.spec import ledger as records
from ptyspec.spec.authoring import Reviewed, review
from ptyspec.spec.cases import Case
from ptyspec.spec.clause import Clause
from ptyspec.spec.finding import Remark, State
from ptyspec.spec.ledger import Ledger, Outcome
from ptyspec.spec.trace import Trace, trace, unresolved
from tests.spec_parts import RATIO, case, clause, ended, known, measured


def traced(
    *clauses: Clause,
    cases: Collection[Case] = (),
    ran: Ledger | None = None,
    others: Collection[Remark] = (),
    reviewed: dict[str, Reviewed] | None = None,
    lent: Collection[str] = (),
) -> Trace:
    """A trace whose clauses are reviewed as they are, unless told otherwise."""
    table = known(*clauses)
    done = review(table, cases, {}, table, "read") if reviewed is None else reviewed
    return trace(table, cases, ran or Ledger(), done, others, lent)


def test_a_clause_whose_cases_passed_is_fine() -> None:
    found = traced(clause(), cases=[case()], ran=ended(test_a="passed"))
    assert found.status == "ok"
    assert found.findings == ()
    assert found.rows[0].state == "passed"
    assert views.summary(found) == "1 clauses: 1 passed; 1 of 1 cases are bound"


STANDINGS: dict[str, tuple[dict[str, str], str, str]] = {
    "one-failed": ({"test_a": "passed", "test_b": "failed"}, "failed", "violation"),
    "one-broke": ({"test_a": "passed", "test_b": "error"}, "error", "violation"),
    "one-not-reached": ({"test_a": "passed", "test_b": "not reached"}, "not reached", "violation"),
    "no-check-made": ({"test_a": "not run", "test_b": "not run"}, "not run", "violation"),
    "one-made-no-check": (
        {"test_a": "passed", "test_b": "not run"},
        "partly run, 1 of 2 cases",
        "ok",
    ),
    "one-not-run": ({"test_a": "passed"}, "partly run, 1 of 2 cases", "ok"),
    "none-run": ({}, "not run", "incomplete"),
}


@pytest.mark.parametrize(("words", "standing", "status"), STANDINGS.values(), ids=STANDINGS)
def test_how_a_must_stands_follows_from_its_cases(
    words: dict[str, str], standing: str, status: str
) -> None:
    found = traced(clause(), cases=[case("test_a"), case("test_b")], ran=ended(**words))
    assert (str(found.rows[0].standing), found.status) == (standing, status)


def test_an_expected_failure_is_none_the_less_a_failure() -> None:
    ran = ended(expected=("test_a",), test_a="failed", test_b="passed")
    found = traced(clause(), cases=[case("test_a"), case("test_b")], ran=ran)
    assert (found.rows[0].standing.word, found.status) == ("failed as expected", "violation")
    assert found.failures == []


def test_the_failure_at_the_earliest_stage_comes_first_and_later_ones_may_follow_from_it() -> None:
    late, early = clause("LATE-001", place="stitch"), clause("EARLY-001", place="normalize")
    beside, apart = clause("EARLY-002", place="normalize"), clause("APART-001", place="files")
    names = ("LATE-001", "EARLY-001", "EARLY-002", "APART-001")
    cases = [case(f"test_{name}", name) for name in names]
    rows = {
        one.id: Outcome(State.FAILED, dict.fromkeys(one.clauses, State.FAILED)) for one in cases
    }
    found = traced(late, early, beside, apart, cases=cases, ran=Ledger("here", rows))
    first = "EARLY-001"
    nothing = dict.fromkeys(("EARLY-001", "EARLY-002", "APART-001"), "")
    assert found.follows == {**nothing, "LATE-001": first}
    assert views.as_json(found)["clauses"][0]["after"] == first


def test_a_case_that_failed_without_a_word_on_its_clauses_is_a_violation_of_none() -> None:
    names = ("AREA-001", "AREA-002")
    states = dict.fromkeys(names, State.NOT_REACHED)
    both = case("test_a", *names)
    row = Outcome(State.FAILED, states)
    found = traced(clause(), clause("AREA-002"), cases=[both], ran=Ledger("here", {both.id: row}))
    assert [row.state for row in found.rows] == [State.NOT_REACHED] * 2
    assert [f.message for f in found.of("violation") if not f.clause] == [
        f"{both.id} failed, and none of its clauses did: a plain assertion"
    ]


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


def test_unknown_ids_are_violations_beside_those_found_elsewhere() -> None:
    lost = Remark("violation", "", "tests/t.py collects nothing", "docs/a.md:4", "correct it")
    cases = [case("test_a", "AREA-001"), case("test_b", "AREA-007")]
    found = traced(clause(), cases=cases, ran=ended(test_a="passed"), others=[lost])
    first, second = found.of("violation")
    told = (first.clause, first.message, first.source)
    assert told == ("AREA-007", "bound to, and not in any document", "tests/contract/test_x.py:3")
    assert second is lost


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


def test_nobody_is_asked_to_change_the_tolerance_of_a_clause_of_another_project() -> None:
    ran = measured(("AREA-001", "object", 0.005))
    found = traced(clause(tolerance=RATIO), cases=[case()], ran=ran, reviewed={}, lent=["AREA-001"])
    assert (found.findings, found.rows[0].margin) == ((), 0.005)


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
    assert (row["cases"][0]["state"], row["ran"]) == ("passed", 1)


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
        assert [
            (one.clause or one.message.partition(" collects")[0], one.source) for one in found
        ] == [(what, f"{name}:3") for what in lost]
        (citing / name).unlink()


def test_a_clause_cited_in_code_must_exist(citing: Path) -> None:
    (citing / "ptyspec" / "a.py").write_text(
        '"""Undone (GAIN-001)."""\nX = 1  # GAIN-002\n', encoding="utf-8"
    )
    found = unresolved(citing, {"GAIN-001"}, [])
    assert [(one.clause, one.source) for one in found] == [("GAIN-002", "ptyspec/a.py:2")]


def written(root: Path, text: str) -> Path:
    path = root / records.FILE
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return root


ROW = {
    "state": "failed",
    "expected": False,
    "note": "",
    "seconds": 0.5,
    "when": "t",
    "code": "now",
    "clauses": {"A-001": "passed", "A-002": "failed"},
    "margins": [["A-001", "x", 0.5]],
}


def recorded(root: Path, version: int = records.SCHEMA_VERSION, **row: object) -> Ledger:
    content = {"schema_version": version, "environment": "here", "cases": {"a": ROW | row}}
    return records.read(written(root, json.dumps(content)), lambda case: "now")


def test_the_ledger_is_read_from_the_cache(tmp_path: Path) -> None:
    assert records.read(tmp_path, str) == Ledger()
    found = recorded(tmp_path)
    assert (found.environment, found.cases["a"].state) == ("here", State.FAILED)
    assert found.cases["a"].clauses == {"A-001": State.PASSED, "A-002": State.FAILED}
    assert found.cases["a"].margins == [("A-001", "x", 0.5)]


def test_a_case_that_ran_with_other_code_is_outdated(tmp_path: Path) -> None:
    assert recorded(tmp_path, code="then") == Ledger("here", {}, frozenset({"a"}))


def test_a_record_of_an_older_version_counts_as_empty_and_says_so(tmp_path: Path) -> None:
    found = recorded(tmp_path, version=2)
    assert not found.cases
    assert "run the tests again" in found.note


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"schema_version": 3, "environment": "", "cases": {"a": {}}}', id="row"),
        pytest.param('{"schema_version": 3, "environment": "", "cases": []}', id="cases"),
        pytest.param("[]", id="list"),
        pytest.param("{", id="text"),
    ],
)
def test_a_damaged_record_of_outcomes_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PtyspecError, match="outcomes"):
        records.read(written(tmp_path, text), str)
