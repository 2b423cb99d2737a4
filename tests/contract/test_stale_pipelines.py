"""A run is never answered by one of other code: a pipeline is named by the files that it was loaded from."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from types import ModuleType
from typing import Any

import pytest

from ptyspec.errors import ConfigError
from ptyspec.files.jsonfile import read_json
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.pipelines import pipeline_code
from ptyspec.runs.run import key_of, produce
from ptyspec.runs.store import RunStore
from tests import child
from tests.walks import Untrained, small

MINE = """
from tests.walks import Untrained

class Mine(Untrained):
    name = "mine"

    def __init__(self, held=None):
        self.held = held

    def stitch(self, scenario, patches):
        import helper
        made = super().stitch(scenario, patches)
        return made.model_copy(update={"object": made.object * helper.FACTOR})
"""
HELPER = """
from parts import constants
FACTOR = constants.FACTOR
def doubled(value):
    return 2 * value
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Somebody's folder: a pipeline, a helper that a stage imports, a package that the helper needs, a stranger."""
    folder = tmp_path / "project"
    (folder / "parts").mkdir(parents=True)
    (folder / "mine.py").write_text(MINE)
    (folder / "helper.py").write_text(HELPER)
    (folder / "parts" / "__init__.py").write_text("")
    (folder / "parts" / "constants.py").write_text("FACTOR = 1\n")
    (folder / "stranger.py").write_text("FACTOR = 1\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("mine", "helper", "parts"):
            del sys.modules[name]


def loaded() -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module("mine")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    later = path.stat().st_mtime + 5  # files are compiled anew where their second is another
    os.utime(path, (later, later))


FORKS = """
import os, sys
from pathlib import Path
from ptyspec.runs.pipelines import pipeline_code
from ptyspec.runs.run import produce
from tests.walks import small

sys.dont_write_bytecode = True
for line in sys.stdin:
    if os.fork() == 0:
        project, home = line.split()
        os.environ["PTYSPEC_HOME"] = home
        sys.path.insert(0, project)
        import mine
        print(produce(small(), pipeline=mine.Mine()) if home != "-" else pipeline_code(mine.Mine()), flush=True)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(1)
"""


@pytest.fixture(scope="module")
def forks() -> Iterator[Popen[str]]:
    """A process that has loaded everything but a pipeline, and answers each line by a copy of itself, which loads one."""
    process = child.start(FORKS, PYTHONPATH=str(child.ROOT))
    yield process
    process.kill()
    child.finish(process)


def in_copy(process: Popen[str], project: Path, home: Path | str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{project} {home}\n")
    process.stdin.flush()
    said = process.stdout.readline().strip()
    assert said, child.finish(process)
    return said


@pytest.fixture
def anew(forks: Popen[str], project: Path) -> Callable[[], str]:
    """The pipeline's name in a new process."""
    return lambda: in_copy(forks, project, "-")


@pytest.mark.clause("STORE-001")
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("mine.py", "helper.FACTOR", "0.5 * helper.FACTOR", id="its-class"),
        pytest.param("helper.py", "2 * value", "3 * value", id="imported-in-a-stage"),
        pytest.param("parts/constants.py", "1", "2", id="imported-by-that"),
        pytest.param("parts/__init__.py", "", "import os", id="a-package"),
    ],
)
def test_an_edit_of_any_file_that_it_uses_gives_another_key(
    project: Path, anew: Callable[[], str], file: str, old: str, new: str
) -> None:
    before = pipeline_code(loaded().Mine())
    edit(project / file, old, new)
    assert anew() not in (before, "None")


@pytest.mark.clause("STORE-002")
def test_a_file_that_it_does_not_use_is_not_part_of_the_key(
    project: Path, anew: Callable[[], str]
) -> None:
    before = pipeline_code(loaded().Mine())
    edit(project / "stranger.py", "1", "2")
    assert pipeline_code(loaded().Mine()) == before == anew()


@pytest.mark.clause("STORE-001")
def test_a_reloaded_pipeline_has_another_key(project: Path) -> None:
    module = loaded()
    before = key_of(small(), module.Mine())
    edit(project / "mine.py", "helper.FACTOR", "0.5 * helper.FACTOR")
    importlib.reload(module)
    assert key_of(small(), module.Mine()) != before


@pytest.mark.parametrize("asked_before", [True, False], ids=["after-a-run", "before-any-run"])
def test_an_edit_that_was_not_loaded_is_refused(project: Path, asked_before: bool) -> None:
    """What would run is the former code, and the file says something else."""
    pipeline = loaded().Mine()
    if asked_before:
        pipeline_code(pipeline)
    edit(project / "mine.py", "helper.FACTOR", "0.5 * helper.FACTOR")
    with pytest.raises(ConfigError) as error:
        pipeline_code(pipeline)
    assert "mine.py" in str(error.value)
    assert "reload" in str(error.value)


def test_an_edited_constant_is_noticed_after_a_run(project: Path) -> None:
    pipeline = loaded().Mine()
    importlib.import_module("helper")
    pipeline_code(pipeline)
    edit(project / "parts" / "constants.py", "1", "2")
    with pytest.raises(ConfigError, match="edited after it was loaded"):
        pipeline_code(pipeline)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(1, 2, id="number"),
        pytest.param(1, True, id="type"),
        pytest.param({"a": [1, (2, "x")]}, {"a": [1, (3, "x")]}, id="nested"),
        pytest.param(Untrained, ReferencePipeline, id="class"),
        pytest.param(small, child.run, id="function"),
        pytest.param(small().scenario, small(model={"N": 16}).scenario, id="settings"),
    ],
)
def test_what_an_instance_holds_is_part_of_the_key(project: Path, one: Any, other: Any) -> None:
    make = loaded().Mine
    assert pipeline_code(make(one)) == pipeline_code(make(one))
    assert pipeline_code(make(one)) not in (pipeline_code(make(other)), None)


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(object(), id="an-object-without-source"),
        pytest.param((lambda n: lambda: n)(1), id="a-closure"),
        pytest.param(open, id="a-builtin"),
    ],
)
def test_what_cannot_be_put_into_words_has_no_key(project: Path, held: Any) -> None:
    assert pipeline_code(loaded().Mine(held)) is None


def test_the_version_that_a_pipeline_names_counts_beside_its_files(project: Path) -> None:
    pipeline = loaded().Mine()
    keys = [key_of(small(), pipeline)]
    type(pipeline).code_version = "2"
    keys.append(key_of(small(), pipeline))
    edit(project / "mine.py", "held", "kept")
    pipeline = importlib.reload(sys.modules["mine"]).Mine()
    type(pipeline).code_version = "2"
    keys.append(key_of(small(), pipeline))
    assert len(set(keys)) == 3


def test_code_that_is_in_no_file_has_no_key_and_its_run_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path / "home"))
    names: dict[str, Any] = {"__name__": __name__}
    exec(MINE.replace("import helper", "").replace("helper.FACTOR", "1"), names)
    pipeline = names["Mine"]()
    assert pipeline_code(pipeline) is None
    folders = [produce(small(), pipeline=pipeline) for _ in range(2)]
    assert folders[0] != folders[1]
    assert all((folder / "metrics.json").is_file() for folder in folders)
    assert RunStore().root not in {parent for folder in folders for parent in folder.parents}
    assert not list((tmp_path / "home").glob("runs/*"))


@pytest.mark.clause("STORE-001")
def test_an_edited_pipeline_is_run_again(project: Path, forks: Popen[str], tmp_path: Path) -> None:
    def ran() -> Path:
        return Path(in_copy(forks, project, tmp_path / "home"))

    def ratio(folder: Path) -> float:
        return float(read_json(folder / "metrics.json")["amplitude"]["mean_ratio"])

    first = ran()
    assert ran() == first
    edit(project / "parts" / "constants.py", "1", "2")
    second = ran()
    assert second != first
    assert ratio(second) == pytest.approx(2 * ratio(first), rel=1e-5)


def test_typed_into_python_it_has_no_key() -> None:
    code = MINE.replace("import helper", "") + (
        "\nfrom ptyspec.runs.pipelines import pipeline_code\nprint(pipeline_code(Mine()))"
    )
    done, out, err = child.run(code, PYTHONPATH=str(child.ROOT))
    assert (done, out.strip()) == (0, "None"), err
