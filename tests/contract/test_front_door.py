"""What `import ptyspec` offers: few names, at once, enough for a person and for the command line.

That their first five lines give a picture: tests/parity/test_workflow_processes.py, whose process it is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ptyspec
from ptyspec import extras
from ptyspec.errors import ConfigError, InputFileError
from ptyspec.files.scan_file import write_scan
from ptyspec.front.run import settings_of
from ptyspec.report import pages
from ptyspec.runs.environment import active_faults
from ptyspec.runs.finished_run import write_run
from ptyspec.spec.finding import State
from tests import child
from tests.broken_pipelines import GainInObject
from tests.fake_run import make_run, one_run, without_truth
from tests.walks import Untrained, small


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ptyspec.Run:
    """A finished run with invented scores; all tests only read it."""
    folder = tmp_path_factory.mktemp("front <run>")
    write_run(folder, one_run())
    return ptyspec.Run(folder)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def other_run(folder: Path) -> Path:
    folder.mkdir()
    write_run(folder, make_run(training={"nepochs": 7}))
    return folder


# Names


def test_there_are_at_most_twenty_names_and_each_is_there() -> None:
    assert len(ptyspec.__all__) <= 20
    assert [name for name in ptyspec.__all__ if not hasattr(ptyspec, name)] == []
    assert {*ptyspec.__all__} <= {*dir(ptyspec)}
    with pytest.raises(AttributeError):
        ptyspec.nothing  # noqa: B018


def test_a_name_is_the_function_after_the_rooms_were_loaded() -> None:
    """A subpackage of a name would take its place."""
    root = Path(ptyspec.__file__).parent
    rooms = {path.stem for path in root.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert rooms & {*ptyspec.__all__} == set()


def test_importing_it_takes_less_than_a_third_of_a_second() -> None:
    code = "import time; t = time.perf_counter(); import ptyspec; print(time.perf_counter() - t)"
    times = [float(child.run(code, PYTHONPATH=str(child.ROOT))[1]) for _ in range(3)]
    assert min(times) < 0.3


# A run


def test_a_run_says_what_it_is(run: ptyspec.Run) -> None:
    assert run.verdict.status in ("right", "doubtful", "wrong", "incomplete")
    assert run.scores["network"]["mean_ratio"] == run.metrics["amplitude"]["mean_ratio"]
    assert {"trivial", "untrained", "iterative"} <= run.scores.keys()
    assert list(run.stages)[:2] == ["simulate", "split"]
    np.testing.assert_array_equal(run.object, one_run().reconstruction.object)
    np.testing.assert_array_equal(run.baseline("trivial"), one_run().controls["trivial"].object)
    assert run.scan.size == 120
    assert run.scenario.name == "synthetic"


def test_its_text_has_the_verdict_and_the_scores_beside_the_baselines(run: ptyspec.Run) -> None:
    lines = repr(run).splitlines()
    assert run.verdict.status in lines[0]
    rows = {line.split("  ")[0]: line.split()[-4:] for line in lines if "0." in line}
    assert rows["network"] == ["0.999", "0.971", "0.853", "0.812"]
    assert len(rows) >= 4
    assert str(run.folder) in lines[-1]


def test_a_notebook_shows_it_with_a_picture_and_needs_no_network(run: ptyspec.Run) -> None:
    extras.require("report", "a picture that is drawn", "matplotlib")
    page = run._repr_html_()
    assert run.verdict.status in page
    assert page.count("<tr>") >= 5
    assert "data:image/png;base64," in page
    assert re.findall(r"https?://|<script|@import|<link", page) == []
    assert "front &lt;run&gt;" in page
    assert "front <run>" not in page
    style = page[page.index("<style>") : page.index("</style>")]
    assert "color: inherit" in style  # a dark page stays dark
    assert re.findall(r"(?<![-\w])color: *#", style) == []


def test_a_measured_run_shows_how_it_fits_its_data(tmp_path: Path) -> None:
    write_run(tmp_path, without_truth(one_run()))
    measured = ptyspec.Run(tmp_path)
    assert "R factor" in repr(measured)
    assert "R factor" in measured._repr_html_()
    assert "half-set FRC" in repr(measured)
    assert len(measured.plot().axes) >= 6  # amplitude and phase


def test_its_report_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    write_run(tmp_path, one_run())
    folder = ptyspec.Run(tmp_path)
    assert not (tmp_path / "report.html").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "write_figures", lambda *_: {})
        assert "<html" in folder.report.read_text(encoding="utf-8")


# Running


def test_settings_are_written_as_on_the_command_line() -> None:
    changes = {"dose.nphotons": 1e5, "model.filters": (8, 16), "inference.refine": np.int64(3)}
    assert settings_of(changes) == [
        "dose.nphotons=100000.0",
        "model.filters=[8, 16]",
        "inference.refine=3",
    ]
    assert settings_of(["a.b=1"]) == ["a.b=1"]
    assert settings_of(None) == []


def test_a_run_of_a_pipeline_and_a_scenario_is_made_once(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = ptyspec.run(small().scenario, pipeline=Untrained)
    assert "simulate" in capsys.readouterr().err
    again = ptyspec.run(small().scenario, pipeline=Untrained())
    assert capsys.readouterr().err == ""
    assert again.folder == first.folder
    assert home in first.folder.parents


def test_a_finished_run_is_read_and_not_run(run: ptyspec.Run, tmp_path: Path) -> None:
    assert ptyspec.run(run.folder).folder == run.folder
    copy = ptyspec.run(run.folder, out=tmp_path / "copy")
    assert copy.folder == tmp_path / "copy"
    with pytest.raises(ConfigError, match="of its own"):
        ptyspec.run(run.folder, profile="quick")
    (copy.folder / "reconstruction.npz").write_bytes(b"half")
    with pytest.raises(InputFileError, match="damaged"):
        ptyspec.run(copy.folder)


def test_faults_behind_the_colon_are_active_while_it_runs(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptyspec.runs import run as module

    seen: list[tuple[str, ...]] = []

    def made(*_: Any, **__: Any) -> Any:
        seen.append(active_faults())
        return one_run()

    monkeypatch.setattr(module, "run", made)
    ptyspec.run("gs1_custom:gain-kept", profile="quick", progress=False)
    ptyspec.run("gs1_custom", profile="quick", progress=False)
    assert seen == [("gain-kept",), ()]
    assert active_faults() == ()


# The other calls


def test_runs_are_compared_by_object_or_folder(run: ptyspec.Run, tmp_path: Path) -> None:
    compared = ptyspec.compare(run, other_run(tmp_path / "other"))
    assert [row.key for row in compared.document.settings] == ["training.nepochs"]
    assert "training.nepochs" in repr(compared)
    assert "training.nepochs" in compared._repr_html_()
    with pytest.raises(ConfigError, match="two runs or more"):
        ptyspec.compare(run)


@pytest.mark.expensive
def test_a_right_pipeline_breaks_nothing_and_a_wrong_one_is_named_first() -> None:
    scenario = small(model={"stages": 1, "filters": [8]}).scenario
    right = ptyspec.check(ptyspec.ReferencePipeline, scenario)
    assert [one for one in right if one.ok is False] == []
    assert len({one.clause for one in right}) == len(right) > 20
    wrong = ptyspec.check(GainInObject(), scenario)
    assert (wrong[0].clause, wrong[0].state) == ("STITCH-005", State.FAILED)
    assert repr(wrong).splitlines()[1].startswith("STITCH-005")
    assert "<td>STITCH-005</td>" in wrong._repr_html_()


def test_a_fault_is_active_inside_its_block_alone() -> None:
    with ptyspec.fault("gain-kept"):
        assert active_faults() == ("gain-kept",)
    assert active_faults() == ()


def test_a_scan_is_read_from_its_path(tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", one_run().scan)
    assert ptyspec.read_scan(str(tmp_path / "scan.npz")).size == 120


# Documentation

USERS = ("README.md", "docs/tutorial.md", "docs/public-api.md", "docs/notebooks/first-look.ipynb")


@pytest.mark.parametrize("page", USERS, ids=lambda page: Path(page).stem)
def test_pages_for_users_use_public_names_alone(page: str) -> None:
    text = (child.ROOT / page).read_text(encoding="utf-8")
    assert re.findall(r"(?:from|import) ptyspec\.[\w.]+", text) == []
    names = {*re.findall(r"\bptyspec\.([A-Za-z]\w*)(?=\(|\b)", text)} - {"org"}
    modules = {path.stem for path in Path(ptyspec.__file__).parent.iterdir()}
    assert names & modules == set()
    called = {*re.findall(r"\bptyspec\.([A-Za-z]\w*)\(", text)}
    assert called <= {*ptyspec.__all__}


def test_the_page_of_public_names_lists_each() -> None:
    text = (child.ROOT / "docs" / "public-api.md").read_text(encoding="utf-8")
    assert [name for name in ptyspec.__all__ if f"ptyspec.{name}" not in text] == []
