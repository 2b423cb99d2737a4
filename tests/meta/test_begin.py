"""`ptyspec new adapter` and `new ci`: what they write runs as it is, and nothing is overwritten."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from docs.site.dictionary import PAGE, page
from ptyspec.cli.main import app
from ptyspec.spec.beginning import DOORS
from ptyspec.spec.clause import specification
from tests.child import ROOT, environment


def new(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["new", *words], env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.expensive
@pytest.mark.parametrize("door", DOORS)
def test_the_adapter_of_a_door_runs_as_it_is_with_its_test(folder: Path, door: str) -> None:
    code, told = new("adapter", "my_lab", "--door", door)
    assert code == 0, told
    assert "wrote my_lab.py\nwrote test_my_lab.py\n" in told
    assert set(DOORS[door][2]) <= specification().keys()
    child = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_lab.py"],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in child.stdout, child.stdout + child.stderr


def test_the_adapter_beside_the_algorithm_is_at_most_twenty_lines(folder: Path) -> None:
    new("adapter", "mine")
    tree = ast.parse((folder / "mine.py").read_text())
    adapter = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    lines = (folder / "mine.py").read_text().splitlines()[adapter.lineno - 1 : adapter.end_lineno]
    assert len([line for line in lines if line.strip()]) <= 20


def test_the_page_on_adapters_shows_what_is_written(folder: Path) -> None:
    new("adapter", "my_lab")
    told = (ROOT / "docs" / "adding-an-adapter.md").read_text(encoding="utf-8")
    assert (folder / "my_lab.py").read_text(encoding="utf-8").strip() in told


def test_the_data_dictionary_is_that_of_the_bundles() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m docs.site.dictionary"


@pytest.mark.parametrize("existing", ["mine.py", "test_mine.py"])
def test_nothing_is_overwritten_and_nothing_is_half_written(folder: Path, existing: str) -> None:
    (folder / existing).write_text("kept")
    code, told = new("adapter", "mine")
    assert code == 2
    assert "the file exists" in told
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(existing, "kept")]


@pytest.mark.parametrize("name", ["my-lab", "1st", "class", "ptyspec", "up."])
def test_what_is_no_name_of_a_module_is_refused(folder: Path, name: str) -> None:
    code, told = new("adapter", name)
    assert code == 2
    assert "not the name of a module" in told
    assert not any(folder.iterdir())


def test_the_workflow_runs_the_conformance_suite_and_is_written_once(folder: Path) -> None:
    assert new("ci")[0] == 0
    path = folder / ".github/workflows/ptyspec.yml"
    steps = yaml.safe_load(path.read_text())["jobs"]["conformance"]["steps"]
    told = " ".join(step.get("run", "") for step in steps)
    assert "pip install" in told
    assert "--pyargs ptyspec.conformance --ptyspec-pipeline" in told
    assert "://" not in path.read_text()
    assert new("ci")[0] == 2
