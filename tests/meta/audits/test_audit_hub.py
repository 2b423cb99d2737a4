"""The hub: every audit in one folder, whole or absent, that says what was broken and what nobody looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ptyspec.checks import hub, tested
from ptyspec.checks.hub import Hub, write_hub
from ptyspec.checks.pointers import problems
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.tested import behind
from ptyspec.errors import OutputExistsError, OutputFileError, TrainingInterruptedError
from ptyspec.spec.checks import Check
from ptyspec.spec.collect import Case
from ptyspec.spec.finding import State
from ptyspec.spec.ledger import Ledger, Outcome
from tests.fake_hub import RULE, SIDES, Performing, a_hub, audit, material


@pytest.fixture
def performing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Performing], None]:
    return lambda how: monkeypatch.setattr(hub, "perform", how)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    return a_hub(tmp_path / "hub", monkeypatch)


def text(found: Hub) -> str:
    return (found.folder / "index.md").read_text(encoding="utf-8")


@pytest.mark.clause("EVID-009")
def test_every_kind_has_a_status_for_every_subject(clause: Check, made: Hub) -> None:
    rows = {kind: row["subjects"] for kind, row in made.content["kinds"].items()}
    clause.equal(
        rows,
        {
            "probe": {"good": "ok", "bad": "violation"},
            "canvas": {"good": "ok", "bad": "not evaluated"},
            "loss": {"good": "defect", "bad": "defect"},
            "visual": {"good": "incomplete", "bad": "incomplete"},
        },
        "status by kind and subject",
    )
    clause.equal(made.content["status"], "violation", "status of all")


@pytest.mark.clause("EVID-009")
def test_what_was_not_evaluated_is_an_entry_with_its_reason(clause: Check, made: Hub) -> None:
    missing = text(made).partition("## Not evaluated")[2].partition("##")[0]
    for said in ("no canvas", "nobody expected this", "nobody looked", "fake\\_hub.py"):
        clause.holds(said in missing, said, missing)
    broken = text(made).partition("## Broken clauses")[2].partition("##")[0]
    clause.holds(
        f"[{RULE}](probe.json#/findings/1/clause" in broken, "the broken clause is a link", broken
    )
    clause.holds(
        "| [probe](probe.md) | [bad: gain]" in broken, "it names audit and subject", broken
    )


def test_a_hub_describes_itself(made: Hub) -> None:
    stored = json.loads((made.folder / "hub.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(made.content))
    assert (stored["schema_version"], stored["command"]) == (1, "ptyspec audit --all good bad")
    assert stored["environment"]["versions"]["numpy"]
    files = {row["path"] for row in stored["files"]}
    assert files == {
        "index.md",
        "probe.json",
        "probe.md",
        "canvas.json",
        "canvas.md",
        "visual.json",
        "visual.md",
        "subjects/good.json",
        "subjects/bad.json",
    }
    settings = json.loads((made.folder / "subjects/good.json").read_text(encoding="utf-8"))
    assert settings["values"]["model.N"] == {"value": 32, "source": "command line"}


def test_outside_a_checkout_the_tests_are_said_to_be_uncounted(made: Hub) -> None:
    assert "| not counted |\n| --- |\n| [not run inside a checkout" in text(made)


@pytest.mark.clause("EVID-009")
def test_the_cases_behind_a_clause_are_counted_with_their_last_outcomes(
    clause: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def case(name: str) -> Case:
        return Case(
            f"tests/contract/test_x.py::{name}",
            (RULE,),
            "contract",
            "tests/contract/test_x.py",
            1,
            None,
        )

    ended = {
        case("test_a[one]").id: Outcome(
            State.PASSED, {RULE: State.PASSED}, when="2026-01-31T12:00:00+00:00"
        )
    }
    monkeypatch.setattr(
        "ptyspec.spec.collect.collect", lambda root: [case("test_a[one]"), case("test_a[two]")]
    )
    monkeypatch.setattr("ptyspec.spec.ledger.read", lambda root, stamp: Ledger("here", ended))
    root = tested.checkout()
    assert root is not None
    cases = behind([RULE], root).clauses[RULE].tests
    assert cases is not None
    clause.equal(
        cases.model_dump(),
        {
            "state": "partly run, 1 of 2 cases",
            "collected": 2,
            "passed": 1,
            "failed": 0,
            "not_run": 1,
            "last": "2026-01-31T12:00:00+00:00",
            "selectors": ["tests/contract/test_x.py::test_a"],
        },
        "tests behind the clause",
    )


@pytest.mark.clause("EVID-002")
def test_a_hub_is_checked_file_by_file(clause: Check, made: Hub) -> None:
    folder = made.folder
    clause.equal(problems(folder.parent), [], "problems of an untouched hub")
    for name, content, said in (
        ("extra.txt", "new", "extra.txt is not listed"),
        ("probe.md", "| a |\n| --- |\n", "probe.md has been changed"),
        ("subjects/good.json", "{}", "subjects/good.json has been changed"),
    ):
        (folder / name).write_text(content, encoding="utf-8")
        clause.holds(f"hub.json: {said}" in problems(folder), said, problems(folder))
    (folder / "canvas.json").unlink()
    clause.holds(
        "hub.json: canvas.json is missing" in problems(folder), "a missing file", problems(folder)
    )


@pytest.mark.clause("EVID-002")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("/holds ", "/hold ", "names nothing", id="a-removed-field"),
        pytest.param("[violation](", "[ok](", "holds violation", id="a-status"),
        pytest.param(
            "| – | canvas |", "| 3 | canvas |", "3: a number without a pointer", id="a-bare-number"
        ),
    ],
)
def test_an_index_that_says_something_else_is_found(
    clause: Check, made: Hub, old: str, new: str, said: str
) -> None:
    clause.holds(old in text(made), "the place to spoil is there", old)
    (made.folder / "index.md").write_text(text(made).replace(old, new, 1), encoding="utf-8")
    found = [line for line in problems(made.folder) if line.startswith("index.md")]
    clause.holds(any(said in line for line in found), said, found)


@pytest.mark.clause("STORE-006")
def test_a_second_hub_stands_beside_the_first(clause: Check, made: Hub) -> None:
    other = write_hub(made.folder.parent, SIDES, kinds=("probe",))
    clause.holds(other.folder != made.folder, "another folder", other.folder)
    clause.equal(problems(made.folder), [], "the first is as it was")
    for out in (made.folder, made.folder / "index.md"):
        with pytest.raises(OutputExistsError):
            write_hub(out, SIDES, kinds=("probe",))


@pytest.mark.clause("STORE-004")
@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), TrainingInterruptedError("stopped"), OutputFileError("full")],
    ids=["interrupt", "training-interrupt", "disk-full"],
)
def test_an_interrupted_hub_leaves_nothing(
    clause: Check, tmp_path: Path, performing: Any, error: BaseException
) -> None:
    def interrupted(kind: str, sides: Sequence[StageOutputs]) -> Audit:
        if kind == "canvas":
            raise error
        return audit(kind, sides)

    performing(interrupted)
    with pytest.raises(type(error)):
        write_hub(tmp_path, SIDES, kinds=("probe", "canvas"))
    clause.equal(list(tmp_path.iterdir()), [], "files left")


@pytest.mark.clause("STORE-004")
def test_what_a_killed_process_leaves_is_no_hub(clause: Check, made: Hub) -> None:
    left = made.folder.parent / f"{hub.PARTIAL}x" / "2026-01-01T000000Z-good"
    left.mkdir(parents=True)
    (left / "probe.md").write_text("| 1 |\n", encoding="utf-8")
    clause.equal(problems(made.folder.parent), [], "problems: what is unfinished is not read")
    clause.holds(left.parent.name.startswith("."), "it is hidden", left.parent.name)


def test_subjects_of_names_that_no_file_can_have_get_files_of_their_own(
    tmp_path: Path, performing: Any
) -> None:
    performing(audit)
    found = write_hub(
        tmp_path, [material("a/b"), material("a b"), material("../c")], kinds=("visual",)
    )
    assert [row["settings"] for row in found.content["subjects"]] == [
        "subjects/a-b.json",
        "subjects/a-b-1.json",
        "subjects/c.json",
    ]
    assert found.folder.name.endswith("Z-a-b-a-b-c")
    assert problems(found.folder) == []


def test_whoever_watches_is_told_which_audit_is_at_work(tmp_path: Path, performing: Any) -> None:
    told: list[tuple[int, int, str]] = []
    performing(audit)
    write_hub(tmp_path, SIDES, kinds=("probe", "visual"), watch=lambda *event: told.append(event))
    assert told == [(0, 2, "probe"), (1, 2, "visual"), (2, 2, "the tests behind the clauses")]
