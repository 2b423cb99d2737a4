"""What surrounds an audit: findings, numbers by reference, files, and the checker that reads them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.checks.references import lookup, plain, problems
from ptyspec.checks.registry import Grid
from ptyspec.checks.report import Audit, markdown, may_hold, write_audit
from ptyspec.errors import InputFileError, OutputExistsError
from ptyspec.files.disk import check_place
from ptyspec.render.table import observation, show
from ptyspec.spec.checks import Check, limits
from ptyspec.spec.finding import State
from tests.audits import judging

RULE, OTHER = "NORM-001", "NORM-002"
ODD = 'a/b~c 5 % (d) "e" |f|'
"""A key with everything that a pointer, a link or a table could stumble over."""


def report(**data: Any) -> Audit:
    subjects = tuple({"name": name, "kind": "scenario", "source": name} for name in ("one", "two"))
    return Audit(
        "probe",
        "Is it?",
        subjects,
        data={"sides": {"one": {"x": 1.25, "n": 3}, "two": {"x": None}}, **data},
    )


def written(folder: Path) -> Path:
    """A folder with one audit: a table, a grid, findings of every state, a key that is hard to quote."""
    made = report(odd={ODD: 0.1234567})
    Grid("Sides", "sides/*", "x, n").add_to(made)
    made.table("Odd", ("key", "value"), [(ODD, made.ref("odd", ODD, form=".3f"))])
    check, other = judging(), judging(OTHER)
    check.between(0.5, 1.25, 1.5, "one: x")
    other.equal(3, 64, "one: n")
    check.missing("two: x", "there is no truth")
    made.findings += [*check.findings, *other.findings]
    write_audit(folder, made)
    return folder


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.clause("EVID-009", "EVID-006")
def test_a_value_that_is_missing_or_not_finite_is_not_evaluated_and_never_passes(
    clause: Check,
) -> None:
    made, check = report(), judging()
    for value in (None, float("nan")):
        check.between(0.0, value, 1.0, "x")
    made.findings += check.findings
    states = [finding.state for finding in made.findings]
    clause.equal(states, [State.NOT_RUN, State.NOT_RUN], "findings without a value")
    never = "status of an audit that could evaluate nothing"
    clause("EVID-006").equal(made.status, "incomplete", never)
    check.between(1.0, np.float32(2.0), 3.0, "x")
    made.findings += check.findings[2:]
    clause.equal(made.status, "incomplete", "status of an audit that could evaluate one of three")


@pytest.mark.clause("EVID-009")
def test_an_audit_that_looked_at_nothing_is_incomplete(clause: Check) -> None:
    clause.equal(report().status, "incomplete", "status without a finding")


def test_a_broken_clause_outweighs_everything_and_is_named_once() -> None:
    made, check = report(), judging(OTHER)
    check.between(1.0, 1.25, 1.5, "x")
    made.extend("one", check.findings)
    assert made.status == "ok"
    check.between(2.0, 1.25, 3.0, "x")
    check.equal(3, 4, "n")
    check.missing("y", "no truth")
    made.extend("one", check.findings)
    assert (made.status, made.violated()) == ("violation", [OTHER])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param((1, 2), [1, 2], id="tuple"),
        pytest.param(np.float32(0.5), 0.5, id="numpy-scalar"),
        pytest.param(np.arange(2), [0, 1], id="array"),
        pytest.param(float("inf"), None, id="infinite"),
        pytest.param({1: np.bool_(True)}, {"1": True}, id="key"),
    ],
)
def test_data_are_what_their_file_gives_back(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert json.loads(json.dumps(plain(value))) == expected


def test_whom_a_finding_is_about_is_read_from_its_text() -> None:
    made, check = report(), judging()
    for what in ("one: x", "two: x", "both of them"):
        check.missing(what, "")
    made.findings += check.findings
    assert [one.what for one in made.of("one")] == ["one: x", "both of them"]


def test_limits_show_so_many_digits_that_they_differ() -> None:
    pairs = ((0.91796851, 0.91796949), (1.0, float("inf")), (float("-inf"), 2.0))
    told = [limits(low, high) for low, high in pairs]
    assert told == ["0.9179685 to 0.9179695", "at least 1", "at most 2"]


def test_a_pointer_names_a_row_of_a_list() -> None:
    assert lookup({"data": {"a/b": [4, 5]}}, "/data/a~1b/1") == 5


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        pytest.param(None, ".3f", "–", id="missing"),
        pytest.param(True, ".3f", "yes", id="yes"),
        pytest.param(1_000_000_000, ".4g", "1,000,000,000", id="count"),
        pytest.param(1, ".0%", "100%", id="percent"),
        pytest.param([0.25, None], ".2f", "0.25, –", id="list"),
        pytest.param({"a": 1.5}, ".1f", "a 1.5", id="mapping"),
    ],
)
def test_a_value_is_shown_by_its_form(value: object, form: str, text: str) -> None:
    assert show(value, form) == text


@pytest.mark.parametrize(
    ("observed", "expected", "text"),
    [
        pytest.param("0.01684447 at (0,)", "0.0", "x: 0.01684 at (0,); wanted: 0", id="four"),
        pytest.param("0.9999984", "1.0", "x: 0.999998; wanted: 1", id="still-apart"),
        pytest.param("0.12345678+0.2j", "", "x: 0.1235+0.2j", id="complex"),
        pytest.param("11105 of v2.4.61, run_0.123456", "", None, id="no-measured-number"),
    ],
)
def test_an_observation_has_four_digits_and_more_where_two_numbers_would_look_equal(
    observed: str, expected: str, text: str | None
) -> None:
    assert observation("x", observed, expected) == (text or f"x: {observed}")


@pytest.mark.clause("EVID-002")
def test_every_number_of_a_written_audit_points_to_its_field(clause: Check, tmp_path: Path) -> None:
    folder = written(tmp_path)
    clause.equal(problems(folder), [], "problems of an untouched audit")
    text = (folder / "probe.md").read_text(encoding="utf-8")
    clause.equal(
        text.count("](probe.json#"),
        10,
        "links: three of the grid, one of the table, three values, three limits",
    )


SPOILED = [
    pytest.param("probe.md", "[1.25]", "[1.26]", "holds 1.25", id="a-digit-of-the-text"),
    pytest.param("probe.md", "[0.123]", "[0.1235]", "holds 0.123", id="a-digit-too-many"),
    pytest.param(
        "probe.md", "[0.123]", "0.123 [–]", "0.123: a number without a pointer", id="a-bare-number"
    ),
    pytest.param(
        "probe.md",
        '%22e%22%20%7Cf%7C ".3f")',
        "%22e%22%20%7Cf%7C)",
        "states no format",
        id="no-format",
    ),
    pytest.param("probe.json", '"x": 1.25', '"x": 1.35', "holds 1.35", id="a-digit-of-the-data"),
    pytest.param("probe.json", '"x": 1.25', '"y": 1.25', "names nothing", id="a-field-is-gone"),
    pytest.param("probe.json", '"64"', '"65"', "holds 65", id="a-limit"),
]


@pytest.mark.clause("EVID-002")
@pytest.mark.parametrize(("file", "old", "new", "said"), SPOILED)
def test_a_summary_that_says_something_else_is_found(
    clause: Check, tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    folder = written(tmp_path)
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    clause.holds(old in text, "the place to spoil is there", old)
    found = problems(folder)
    clause.holds(any(said in line for line in found), f"a problem that says {said!r}", found)


@pytest.mark.clause("EVID-002")
@pytest.mark.parametrize(
    "cell",
    [
        "0.271",
        "**3.746**",
        "1,024 px",
        "~0.5",
        "0.5 ± 0.1",
        "1.9 / 2.02",
        "0.1 to 0.9",
        "−3e-4",
        "16 frames",
    ],
    ids=["plain", "bold", "unit", "about", "spread", "pair", "range", "minus", "counted"],
)
def test_a_number_typed_into_a_table_is_found(clause: Check, tmp_path: Path, cell: str) -> None:
    made = report()
    made.table("Typed", ("what", "value"), [("gain", cell)])
    write_audit(tmp_path, made)
    clause.holds(len(problems(tmp_path)) == 1, "one problem", problems(tmp_path), cell)


@pytest.mark.clause("EVID-002")
@pytest.mark.parametrize(
    "cell",
    ["gs1_custom", "64x64 complex64", "SHA-256", "N/2", "–", "relu, 3 layers deep"],
    ids=["name", "array", "digest", "symbol", "dash", "sentence"],
)
def test_words_are_no_numbers(clause: Check, tmp_path: Path, cell: str) -> None:
    made = report()
    made.table("Words", ("what", "value"), [("gain", cell)])
    write_audit(tmp_path, made)
    clause.equal(problems(tmp_path), [], "problems")


@pytest.mark.clause("EVID-002")
def test_a_row_may_be_named_by_a_number_that_its_pointers_hold(
    clause: Check, tmp_path: Path
) -> None:
    made = report(doses={"1000": {"0.5": 7}})
    made.table(
        "Doses", ("dose", "factor", "value"), [("1000", "0.5", made.ref("doses", "1000", "0.5"))]
    )
    write_audit(tmp_path, made)
    clause.equal(problems(tmp_path), [], "problems of a row named as its key")
    replace(tmp_path / "probe.md", "| 1000 | 0.5 |", "| 1000 | 0.6 |")
    clause.holds(problems(tmp_path), "another name is found", problems(tmp_path))


def test_a_folder_without_a_summary_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no summary"):
        problems(tmp_path)


@pytest.mark.clause("REPORTING-ARTIFACT-BOUNDARY-001")
def test_a_figure_that_cannot_be_drawn_costs_nothing_but_itself(
    clause: Check, tmp_path: Path
) -> None:
    def draw() -> Any:
        raise ZeroDivisionError("no colour bar")

    made = report()
    made.figure("map", "The map.", draw)
    text = write_audit(tmp_path, made).read_text(encoding="utf-8")
    row = json.loads((tmp_path / "probe.json").read_text(encoding="utf-8"))["figures"]
    clause.equal(
        [(found["file"], found["error"]) for found in row],
        [(None, "ZeroDivisionError: no colour bar")],
        "JSON",
    )
    clause.holds("not drawn" in text, "the page names it", text)
    clause.equal(problems(tmp_path), [], "problems")


def test_on_a_terminal_the_findings_come_last_and_the_headline_at_the_end(tmp_path: Path) -> None:
    from rich.console import Console

    from ptyspec.cli.audit import show as print_audit

    made, check, other = report(), judging(), judging(OTHER)
    Grid("Sides", "sides/*", "x").add_to(made)
    made.notes.append("Nothing [bold]is[/bold] markup.")
    check.between(2.0, 1.25, 3.0, "one: x")
    other.missing("two: x", "there is no truth")
    made.findings += [*check.findings, *other.findings]
    with (tmp_path / "screen").open("w", encoding="utf-8") as file:
        print_audit(Console(file=file, width=100), made)
    lines = (tmp_path / "screen").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == [f"broken: {RULE}: one: x", "probe: violation"]
    assert "- Nothing [bold]is[/bold] markup." in lines
    assert next(line for line in lines if line.startswith("one")).split() == ["one", "1.25"]
    assert any(
        line.startswith(OTHER) and "not evaluated" in line and "there is no truth" in line
        for line in lines
    )


def test_what_a_file_says_changes_no_markup() -> None:
    made = report(text="<b>|x|</b>\n# no heading")
    made.table("Text", ("a",), [(made.ref("text"),)])
    assert "\\|x\\|" in markdown(made)
    assert "\n# no heading" not in markdown(made)
    assert "<b>" not in markdown(made)


@pytest.mark.clause("STORE-006")
def test_an_audit_replaces_an_audit_of_its_kind_and_nothing_else(
    clause: Check, tmp_path: Path
) -> None:
    check_place(tmp_path / "new", "audits", may_hold)
    check_place(written(tmp_path), "audits", may_hold)
    (tmp_path / "canvas.json").write_text('{"thesis": 1}', encoding="utf-8")
    for folder in (tmp_path, tmp_path / "probe.md", Path(__file__).parent):
        try:
            check_place(folder, "audits", may_hold)
        except OutputExistsError as error:
            clause.equal(error.details["value"], folder, "what the refusal names")
        else:
            clause.fail(
                "a folder that holds something else", f"{folder} is taken", "OutputExistsError"
            )
