"""Another pipeline under test: how it is named, what is refused, and what the fixtures give its cases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ptyspec.errors import ConfigError
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.pipelines import maker
from ptyspec.testing.plugin import REFERENCE
from tests.plugin_project import IDS, OURS, RECORD, TEST, record, session, write

pytest_plugins = ["pytester"]

THEIRS = """
from pathlib import Path
import numpy as np
from ptyspec.contracts.bundles import Patches
from ptyspec.contracts.records import EpochRecord, History
from ptyspec.pipeline.protocol import Trained
from ptyspec.pipeline.reference import ReferencePipeline

class Flat(ReferencePipeline):
    name = "flat"

    def train(self, scenario, containers, session):
        with Path(__file__).with_name("trained.txt").open("a") as file:
            file.write("once ")
        epoch = EpochRecord(epoch=0, metrics={"loss": 1.0}, learning_rate=1e-3, seconds=0.0, finite=True)
        return Trained([], [], History(epochs=(epoch,), best_epoch=0, monitor="loss"), flat)

def flat(weights, container):
    groups = container.groups
    ones = np.full((groups.size, groups.scan.N, groups.scan.N, groups.C), container.a0, np.complex64)
    return Patches(object=ones, coords=groups.coords_offsets - groups.coords_relative, probe=container.probe)

class Needs(Flat):
    def __init__(self, path):
        self.path = path

class Unnamed(ReferencePipeline):
    pass

class None_:
    name = "none"

class Nameless:
    stitch = lambda *_: None

made = Flat()
THREE = 3
"""


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Their module, importable."""
    (tmp_path / "theirs.py").write_text(THEIRS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("theirs", None)


REFUSED = {
    "no-colon": ("theirs.Flat", "a pipeline is written MODULE:ATTR"),
    "no-attribute": ("theirs:", "a pipeline is written MODULE:ATTR"),
    "no-module": ("nobodys:Flat", "No module named 'nobodys'"),
    "misspelt": ("theirs:Falt", "theirs has no Falt\n  value: theirs:Falt\n"),
    "needs-arguments": ("theirs:Needs", "cannot be made without arguments: "),
    "no-stage": ("theirs:None_", "not a pipeline: it has no stage"),
    "no-name": ("theirs:Nameless", "the pipeline has no name"),
    "the-references-name": ("theirs:Unnamed", "another pipeline carries the reference's name"),
    "no-pipeline": ("theirs:THREE", "not a pipeline: it has no stage"),
}


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize(("words", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_pipeline_is_refused_by_what_it_lacks(words: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        maker(words)
    assert told in str(refused.value)
    assert "--ptyspec-pipeline" in str(refused.value)


@pytest.mark.usefixtures("theirs")
def test_a_class_is_made_anew_and_an_instance_is_taken_as_it_is() -> None:
    fresh, same = maker("theirs:Flat"), maker("theirs:made")
    assert fresh() is not fresh()
    assert same() is same()
    assert maker(REFERENCE) is ReferencePipeline


CASES = f"""
import numpy as np
import pytest

@pytest.mark.clause("{IDS[0]}")
def test_which(pipeline, scenario):
    assert pipeline.name == "EXPECTED"
    assert scenario.name == "gs1_custom"
    assert scenario.scan.n_images == IMAGES

def test_anew(pipeline):
    assert not hasattr(pipeline, "touched")
    pipeline.touched = True

def test_still_anew(pipeline):
    assert not hasattr(pipeline, "touched")

@pytest.mark.parametrize("scenario", ["gs1_custom", "gs2_ideal"], indirect=True)
def test_true_patches_stitch_to_the_true_object(pipeline, scenario, oracle_patches):
    size = scenario.model.N
    assert oracle_patches.object.shape[1:] == (size, size, scenario.members)
    made = pipeline.stitch(scenario, oracle_patches)
    x, y = (place + size for place in made.origin)  # the canvas reaches beyond the object
    padded = np.pad(pipeline.simulate(scenario).objectGuess, size)
    truth = padded[y : y + made.object.shape[0], x : x + made.object.shape[1]]
    inside = np.isfinite(made.object) & (truth != 0)
    error = np.abs(np.abs(made.object) - np.abs(truth))[inside]
    assert error.mean() < 0.02 * np.abs(truth[inside]).mean(), error.mean()
"""
SMALL = '("gs1_ideal", "model.N=32", "object.size=96", "scan.n_images=60", "grouping.n_groups=20", "inference.iterative_sweeps=2")'
FINISHED = f"""
import json
import pytest

@pytest.mark.parametrize("scenario", [{SMALL}], indirect=True, ids=["small"])
@pytest.mark.parametrize("again", ["once", "twice"])
def test_finished(finished_run, again):
    assert json.loads((finished_run / "metrics.json").read_text())["coverage"]
"""


@pytest.mark.expensive
def test_the_fixtures_speak_of_the_pipeline_and_profile_that_were_asked_for(
    project: pytest.Pytester,
) -> None:
    (project.path / "theirs.py").write_text(THEIRS, encoding="utf-8")
    usual, theirs = CASES.replace("EXPECTED", "reference"), CASES.replace("EXPECTED", "flat")
    write(project, OURS, contract__test_a=usual.replace("IMAGES", "400"))
    session(project).assert_outcomes(passed=5)
    assert len(record(project)["cases"]) == 5
    write(
        project, OURS, contract__test_a=theirs.replace("IMAGES", "1") + "\ndef test_other(): pass\n"
    )
    words = ("--ptyspec-pipeline", "theirs:Flat", "--ptyspec-profile", "stable")
    result = session(project, *words, "-k", "which or other", "--ptyspec-results", "theirs.json")
    result.assert_outcomes(passed=1, failed=1, deselected=4)
    result.stdout.fnmatch_lines(["ptyspec: numpy *; pipeline theirs:Flat, profile stable"])
    result.stdout.fnmatch_lines(
        ["  reproduce *test_which' --ptyspec-pipeline theirs:Flat --ptyspec-profile stable"]
    )
    assert record(project, Path("theirs.json"))["environment"].endswith(
        "pipeline theirs:Flat, profile stable"
    )
    assert set(record(project, RECORD)["cases"]) != set(
        record(project, Path("theirs.json"))["cases"]
    )


@pytest.mark.expensive
def test_a_finished_run_is_made_once_whichever_worker_asks(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(project.path / "home"))
    (project.path / "theirs.py").write_text(THEIRS, encoding="utf-8")
    write(project, OURS, test_a=FINISHED, test_b=FINISHED)
    project.runpytest_subprocess("--ptyspec-pipeline", "theirs:Flat", "-n", "2").assert_outcomes(
        passed=4
    )
    assert (project.path / "trained.txt").read_text() == "once "
    assert len(list((project.path / "home" / "runs").iterdir())) == 1


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        pytest.param("profile", "quickest", "no profile has this name", id="profile"),
        pytest.param("pipeline", "nobodys:Flat", "No module named 'nobodys'", id="pipeline"),
    ],
)
def test_a_wrong_option_is_a_usage_error_before_any_test(
    project: pytest.Pytester, option: str, value: str, told: str
) -> None:
    write(project, OURS, test_a=TEST)
    result = session(project, f"--ptyspec-{option}", value)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(f"*{told}*")
