"""A finished run is answered as it was written: a damaged one is made again, never shown and never published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.report import figures
from ptyspec.runs import run as module
from ptyspec.runs.finished_run import DATA, FILES, LIST, FinishedRun, write_run
from ptyspec.runs.store import RunStore
from tests.fake_run import one_run

Damage = Callable[[Path], None]


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_byte_other(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def better(path: Path) -> None:
    metrics = read_json(path)
    metrics["amplitude"]["mean_ratio"] = 1.0
    write_json(path, metrics)


def none_listed(path: Path) -> None:
    write_json(path, {"schema_version": 1, "files": {}})


DAMAGES: dict[str, tuple[str, Damage]] = {
    "half-an-object": ("reconstruction.npz", halve),
    "half-a-scan": ("scan.npz", halve),
    "one-bit-of-a-control": ("controls.npz", one_byte_other),
    "edited-scores": ("metrics.json", better),
    "no-scan": ("scan.npz", Path.unlink),
    "no-history": ("history.json", Path.unlink),
    "empty-file": ("stages.json", lambda path: path.write_bytes(b"") and None),
    "not-json": ("environment.json", lambda path: path.write_text("{") and None),
    "list-of-nothing": (LIST, none_listed),
    "list-is-no-list": (LIST, lambda path: path.write_text("[1]") and None),
}
damaged = pytest.mark.parametrize(("name", "damage"), DAMAGES.values(), ids=DAMAGES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    whole = tmp_path / "run"
    whole.mkdir()
    write_run(whole, one_run())
    return whole


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the pipeline in a store of its own; one entry for each run that is made."""
    asked: list[str] = []

    def run(resolved: Any, **_: Any) -> Any:
        asked.append(resolved.scenario.name)
        return one_run()

    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(figures, "drawers", lambda _: {})
    return asked


def ptyspec(*words: object) -> Any:
    return CliRunner().invoke(app, ["run", "gs1_custom", *map(str, words)])


def test_a_run_as_it_was_written_is_sound(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {*FILES}
    FinishedRun(folder).check()


@damaged
def test_the_damaged_file_is_named(folder: Path, name: str, damage: Damage) -> None:
    damage(folder / name)
    with pytest.raises(InputFileError) as error:
        FinishedRun(folder).check()
    assert name in str(error.value)


@pytest.mark.parametrize("name", [name for name in DATA if name.endswith(".npz")])
def test_a_run_of_an_earlier_version_is_read_instead(folder: Path, name: str) -> None:
    (folder / LIST).unlink()
    FinishedRun(folder).check()
    halve(folder / name)
    with pytest.raises(InputFileError) as error:
        FinishedRun(folder).check()
    assert name in str(error.value)


@pytest.mark.parametrize("damage", ["half-an-object", "edited-scores", "list-is-no-list"])
def test_a_damaged_run_is_made_again_before_it_is_published(
    made: list[str], tmp_path: Path, damage: str
) -> None:
    assert ptyspec().exit_code in (0, 1)
    [stored] = (RunStore().root / "runs").iterdir()
    right = {file: (stored / file).read_bytes() for file in FILES}
    name, harm = DAMAGES[damage]
    harm(stored / name)
    before = len(made)
    result = ptyspec("--out", tmp_path / "out")
    assert len(made) > before
    assert "damaged" in result.stderr
    assert {file: (tmp_path / "out" / file).read_bytes() for file in FILES} == right
    FinishedRun(tmp_path / "out").check()


def test_a_sound_run_is_made_once_and_its_pages_too(made: list[str], tmp_path: Path) -> None:
    ptyspec()
    [stored] = (RunStore().root / "runs").iterdir()
    before = {path: path.stat().st_mtime_ns for path in stored.rglob("*")}
    ptyspec()
    assert made == ["gs1_custom"]
    assert {path: path.stat().st_mtime_ns for path in stored.rglob("*")} == before


@pytest.mark.parametrize("page", ["report.md", "report.html", "pages.json"])
def test_pages_that_are_missing_are_made_without_a_run(made: list[str], page: str) -> None:
    ptyspec()
    [stored] = (RunStore().root / "runs").iterdir()
    (stored / page).unlink()
    ptyspec()
    assert (stored / page).is_file()
    assert made == ["gs1_custom"]


def test_pages_of_other_code_are_made_again(made: list[str]) -> None:
    ptyspec()
    [stored] = (RunStore().root / "runs").iterdir()
    (stored / "report.md").write_text("old")
    write_json(stored / "pages.json", {"schema_version": 1, "code": "other"})
    ptyspec()
    assert (stored / "report.md").read_text() != "old"
    assert made == ["gs1_custom"]
