"""The hub: every audit in one folder, whole or absent, that says what was broken and what nobody looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ptyspec.checks import hub
from ptyspec.checks.hub import write_hub
from ptyspec.checks.references import problems
from ptyspec.checks.report import Audit, HubFile
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.errors import OutputExistsError, OutputFileError, TrainingInterruptedError
from ptyspec.spec.checks import Check
from tests.fake_hub import RULE, SIDES, Performing, a_hub, audit, material


@pytest.fixture
def performing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Performing], None]:
    return lambda how: monkeypatch.setattr(hub, "perform", how)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, HubFile]:
    return a_hub(tmp_path / "hub", monkeypatch)


@pytest.fixture
def folder(made: tuple[Path, HubFile]) -> Path:
    return made[0]


def text(folder: Path) -> str:
    return (folder / "index.md").read_text(encoding="utf-8")


@pytest.mark.clause("EVID-009")
def test_every_kind_has_a_status_for_every_subject(
    clause: Check, made: tuple[Path, HubFile]
) -> None:
    rows = {kind: row.subjects for kind, row in made[1].kinds.items()}
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
    clause.equal(made[1].status, "violation", "status of all")


@pytest.mark.clause("EVID-009")
def test_what_was_not_evaluated_is_an_entry_with_its_reason(clause: Check, folder: Path) -> None:
    page = text(folder)
    for said in ("no canvas", "nobody expected this", "nobody looked", "fake\\_hub.py"):
        clause.holds(said in page, said, page)
    broken = page.partition("What does not hold: [probe](probe.md)")[2].partition("##")[0]
    clause.holds(f"| {RULE} | **broken** | bad: gain | [0.25](" in broken, "what broke it", broken)


def test_a_hub_describes_itself(made: tuple[Path, HubFile]) -> None:
    folder, content = made
    stored = HubFile.model_validate_json((folder / "hub.json").read_bytes())
    assert stored == content
    assert stored.command == "ptyspec audit --all good bad"
    assert stored.environment.versions["numpy"]
    pages = {path.name for path in folder.iterdir()} - {"hub.json"}
    assert pages == {"index.md"} | {
        f"{kind}.{end}" for kind in ("probe", "canvas", "visual") for end in ("json", "md")
    }


@pytest.mark.clause("EVID-002")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("/bad ", "/worse ", "names nothing", id="a-removed-field"),
        pytest.param("[violation](", "[ok](", "holds violation", id="a-status"),
        pytest.param(
            "| canvas | bad |", "| canvas | 3 |", "3: a number without a pointer", id="a-number"
        ),
        pytest.param("](probe.md)", "](prob.md)", "there is no such file", id="a-page"),
    ],
)
def test_an_index_that_says_something_else_is_found(
    clause: Check, folder: Path, old: str, new: str, said: str
) -> None:
    clause.equal(problems(folder.parent), [], "problems of an untouched hub")
    clause.holds(old in text(folder), "the place to spoil is there", old)
    (folder / "index.md").write_text(text(folder).replace(old, new, 1), encoding="utf-8")
    found = [line for line in problems(folder) if line.startswith("index.md")]
    clause.holds(any(said in line for line in found), said, found)


@pytest.mark.clause("STORE-006")
def test_a_second_hub_stands_beside_the_first(clause: Check, folder: Path) -> None:
    other, _ = write_hub(folder.parent, SIDES, kinds=("probe",))
    clause.holds(other != folder, "another folder", other)
    clause.equal(problems(folder), [], "the first is as it was")
    for out in (folder, folder / "index.md"):
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
def test_what_a_killed_process_leaves_is_no_hub(clause: Check, folder: Path) -> None:
    left = folder.parent / f"{hub.PARTIAL}x" / "2026-01-01T000000Z-good"
    left.mkdir(parents=True)
    (left / "probe.md").write_text("| 1 |\n", encoding="utf-8")
    clause.equal(problems(folder.parent), [], "problems: what is unfinished is not read")
    clause.holds(left.parent.name.startswith("."), "it is hidden", left.parent.name)


def test_subjects_of_names_that_no_file_can_have_get_a_folder(
    tmp_path: Path, performing: Any
) -> None:
    performing(audit)
    folder, _ = write_hub(tmp_path, [material("a/b"), material("../c")], kinds=("visual",))
    assert folder.name.endswith("Z-a-b-c")
    assert problems(folder) == []
