"""Without its extras ptyspec does what needs none of them, and says in one sentence what is missing for the rest."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

from ptyspec import extras
from ptyspec.checks.judge import judge, outputs_of
from ptyspec.cli.main import app
from ptyspec.errors import ConfigError, MissingPackageError
from ptyspec.networks import framework
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.render import canvas
from ptyspec.report import pages
from ptyspec.runs import run as runs
from ptyspec.runs.finished_run import write_run
from ptyspec.runs.walk import Walk
from ptyspec.spec.finding import State
from tests.tiny_runs import SMALL, tiny
from tests.trivial_pipeline import Trivial, predict

ROOT = Path(__file__).parents[2]
TENSORFLOW, REPORT = "pip install 'ptyspec[tensorflow]'", "pip install 'ptyspec[report]'"
OPTIONAL = {name for names in extras.EXTRAS.values() for name in names}


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an environment with `pip install ptyspec` alone."""
    find = extras._installed
    monkeypatch.setattr(extras, "_installed", lambda name: name not in OPTIONAL and find(name))
    monkeypatch.delenv(framework.VARIABLE, raising=False)
    for name in framework.__all__:
        monkeypatch.delitem(vars(framework), name, raising=False)
    monkeypatch.delitem(sys.modules, "ptyspec.pipeline.train", raising=False)  # it holds Keras


def trained() -> Any:
    walk = Walk(ReferencePipeline(), tiny().scenario)
    return walk.trained


NEEDED: dict[str, tuple[Callable[[], Any], str]] = {
    "run": (lambda: runs.run(tiny()), TENSORFLOW),
    "train": (trained, TENSORFLOW),
    "keras": (lambda: framework.keras, TENSORFLOW),
    "ops": (lambda: framework.ops, TENSORFLOW),
    "tensorflow": (lambda: framework.tensorflow, TENSORFLOW),
    "figure": (lambda: canvas.new_figure(1, 1), REPORT),
}


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize(("work", "command"), NEEDED.values(), ids=NEEDED)
def test_what_is_missing_is_told_with_the_command_that_installs_it(
    work: Callable[[], Any], command: str
) -> None:
    with pytest.raises(MissingPackageError, match="which is not installed") as caught:
        work()
    assert caught.value.details["next"] == command
    assert caught.value.sentence.count("\n") == 0
    assert caught.value.exit_code == 3


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize(
    "words",
    [["run", "gs1_custom", "--profile", "quick"], ["audit", "loss", "gs1_custom"]],
    ids=["run", "audit"],
)
def test_a_command_that_needs_a_network_ends_with_the_sentence(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path))
    settings = [word for one in SMALL for word in ("--set", one)]
    outcome = CliRunner().invoke(app, [*words, *settings])
    assert outcome.exit_code == 3
    assert TENSORFLOW in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.usefixtures("core")
def test_the_backend_that_is_installed_is_used_and_the_one_that_was_asked_for_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert framework.backend() == "tensorflow"
    monkeypatch.setattr(extras, "_installed", lambda name: name in {"keras", "jax"})
    assert framework.backend() == "jax"
    framework.require()
    with pytest.raises(MissingPackageError, match="needs TensorFlow, and the backend is jax"):
        _ = framework.tensorflow
    monkeypatch.setenv(framework.VARIABLE, "tensorflow")
    with pytest.raises(MissingPackageError, match="Keras with TensorFlow"):
        framework.require()
    monkeypatch.setenv(framework.VARIABLE, "torch")
    with pytest.raises(ConfigError, match="do not run on this backend"):
        framework.require()


@pytest.mark.usefixtures("core")
def test_every_stage_but_training_works_without_a_framework() -> None:
    walk = Walk(ReferencePipeline(), tiny().scenario)
    patches = predict([], walk.containers.test)
    stitched = walk.replaced(patches=patches).reconstruction
    assert np.isfinite(stitched.object).any()
    block = walk.pipeline.score(walk.scenario, walk.halves.test, stitched)
    assert block["amplitude"]["mean_ratio"] == pytest.approx(1.0, abs=0.1)


@pytest.mark.usefixtures("core")
def test_a_clause_that_needs_a_network_is_not_run_and_says_why_and_the_others_are_judged() -> None:
    outputs = outputs_of(ReferencePipeline(), tiny().scenario)
    found = judge(outputs, {"SCALE-002", "NET-003"})
    by_clause = {one.clause: one for one in found}
    assert by_clause["SCALE-002"].state is State.PASSED
    assert by_clause["NET-003"].state is State.NOT_RUN
    assert TENSORFLOW in by_clause["NET-003"].observed


@pytest.mark.usefixtures("core")
def test_a_pipeline_with_its_own_training_runs_and_its_report_says_why_it_has_no_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path, runs.run(tiny(), pipeline=Trivial()))
    pages.write_pages(tmp_path)
    assert REPORT in (tmp_path / "figures" / "coverage.txt").read_text(encoding="utf-8")
    assert "matplotlib, which is not installed" in (tmp_path / "report.md").read_text("utf-8")
    assert pages._current(tmp_path)
    monkeypatch.setattr(pages, "can_draw", lambda: True)
    assert not pages._current(tmp_path)  # made again, with pictures, once they can be drawn


def test_pyproject_gives_each_extra_the_packages_that_the_code_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = {Requirement(line).name for line in project["dependencies"]}
    assert not core & {*OPTIONAL, "tensorflow-cpu"}
    for extra, packages in extras.EXTRAS.items():
        lines = project["optional-dependencies"][extra]
        assert {Requirement(line).name.removesuffix("-cpu") for line in lines} == set(packages)
