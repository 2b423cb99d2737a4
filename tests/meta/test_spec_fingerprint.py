"""Reviews: what is recorded of a clause, and how a change of its text, its revision and its cases is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.spec.authoring import FILE, Reviewed, ReviewError, changes, read, review, write
from ptyspec.spec.cases import Case
from ptyspec.spec.clause import Clause, Registry, UnknownClauseError
from tests.spec_parts import case, clause, known

OLD = [case("test_a", digest="d1"), case("test_b[x]", digest="d2"), case("test_b[y]", digest="d2")]
TOUCHED = [OLD[0], *(replace(one, digest="d3") for one in OLD[1:])]
NEW_TEXT = "It MUST be otherwise."


@pytest.fixture
def before() -> dict[str, Reviewed]:
    return review(known(clause()), OLD, {}, ["AREA-001"], "as it was written")


def told(one: Clause, cases: Collection[Case], before: dict[str, Reviewed]) -> list[str]:
    found = changes(known(one), cases, before)
    return [change.message for change in found if change.severity == "violation"]


def test_a_review_records_revision_text_reason_and_cases_without_parameters(
    before: dict[str, Reviewed],
) -> None:
    path = "tests/contract/test_x.py"
    cases = {f"{path}::test_a": "d1", f"{path}::test_b": "d2"}
    assert before == {"AREA-001": Reviewed(1, clause().fingerprint, "as it was written", cases)}


@pytest.mark.parametrize("cases", [OLD, TOUCHED, []], ids=["same", "touched", "none"])
def test_nothing_is_told_while_the_rule_stays(
    before: dict[str, Reviewed], cases: list[Case]
) -> None:
    assert told(clause(), cases, before) == []


CHANGES = {
    "text-alone": (clause(statement=NEW_TEXT), OLD, "its text changed and its revision is still 1"),
    "text-and-case": (
        clause(statement=NEW_TEXT),
        TOUCHED,
        "its text changed and its revision is still 1",
    ),
    "revision-alone": (clause(revision=2), OLD, "revision 1 became 2 and no case was touched"),
    "text-and-revision": (
        clause(statement=NEW_TEXT, revision=2),
        OLD,
        "revision 1 became 2 and no case was touched",
    ),
    "all": (
        clause(statement=NEW_TEXT, revision=2),
        TOUCHED,
        "revision 1 became 2, with cases; not reviewed yet",
    ),
    "case-added": (
        clause(revision=2),
        [*OLD, case("test_c")],
        "revision 1 became 2, with cases; not reviewed yet",
    ),
    "case-removed": (clause(revision=2), OLD[:1], "revision 1 became 2 and no case was touched"),
}


@pytest.mark.parametrize(("one", "cases", "message"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told(
    one: Clause, cases: list[Case], message: str, before: dict[str, Reviewed]
) -> None:
    assert told(one, cases, before) == [message]


def test_the_cases_to_look_at_are_named(before: dict[str, Reviewed]) -> None:
    (change,) = changes(known(clause(revision=2)), OLD, before)
    assert "tests/contract/test_x.py::test_a, tests/contract/test_x.py::test_b;" in change.next_step
    assert "ptyspec trace --review AREA-001 --reason TEXT" in change.next_step


def test_a_new_clause_and_one_that_is_gone_are_told(before: dict[str, Reviewed]) -> None:
    found = [
        (change.clause, change.message)
        for change in changes(known(clause("AREA-002")), OLD, before)
    ]
    assert found == [
        ("AREA-002", "new, and not reviewed yet"),
        ("AREA-001", "reviewed once, and gone from the documents"),
    ]


def test_a_review_ends_what_was_told(before: dict[str, Reviewed]) -> None:
    now = clause(statement=NEW_TEXT, revision=2)
    after = review(known(now), TOUCHED, before, ["AREA-001"], "another rule")
    assert told(now, TOUCHED, after) == []
    assert after["AREA-001"].reason == "another rule"


def test_a_text_with_its_old_revision_is_reviewed_as_editorial_only(
    before: dict[str, Reviewed],
) -> None:
    now = clause(statement="It MUST be so!")
    with pytest.raises(ReviewError) as caught:
        review(known(now), OLD, before, ["AREA-001"], "typo")
    assert "limit: {r2}" in str(caught.value)
    assert "source: specs/doc.md:7" in str(caught.value)
    after = review(known(now), OLD, before, ["AREA-001"], "typo", editorial=True)
    assert told(now, OLD, after) == []


def test_a_review_needs_a_reason_and_a_known_clause(before: dict[str, Reviewed]) -> None:
    with pytest.raises(ReviewError, match="reason"):
        review(known(clause()), OLD, before, ["AREA-001"], "  ")
    with pytest.raises(UnknownClauseError):
        review(Registry(Path("specs"), known(clause())), OLD, before, ["AREA-009"], "read")


def test_a_review_of_an_unchanged_clause_keeps_its_reason_and_drops_what_is_gone(
    before: dict[str, Reviewed],
) -> None:
    before["GONE-001"] = before["AREA-001"]
    after = review(known(clause()), OLD, before, ["AREA-001"], "again")
    assert list(after) == ["AREA-001"]
    assert after["AREA-001"].reason == "as it was written"


def test_the_file_is_sorted_and_gives_back_what_was_written(
    tmp_path: Path, before: dict[str, Reviewed]
) -> None:
    (tmp_path / "specs").mkdir()
    assert read(tmp_path) == {}
    both = {"B-001": before["AREA-001"], "A-001": before["AREA-001"]}
    write(tmp_path, both)
    first = (tmp_path / FILE).read_bytes()
    assert read(tmp_path) == both
    assert list(read(tmp_path)) == ["A-001", "B-001"]
    write(tmp_path, dict(reversed(both.items())))
    assert (tmp_path / FILE).read_bytes() == first


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            '{"schema_version": 1, "clauses": {"A-001": {"revision": 1}}}', id="incomplete"
        ),
        pytest.param("[]", id="list"),
        pytest.param('{"schema_version": 2, "clauses": {}}', id="newer"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(PtyspecError, match="not a record of reviews"):
        read(tmp_path)


def test_a_skeleton_cannot_be_reviewed() -> None:
    with pytest.raises(ReviewError, match="not ready for a review"):
        review(known(clause(statement="It MUST TODO.")), OLD, {}, ["AREA-001"], "as it was written")
