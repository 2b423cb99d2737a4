"""Variants: what words mean, that settings say everything, and that a run of one is an answer whatever it comes to."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ptyspec.errors import ConfigError, InputFileError, TrainingInterruptedError, UnknownNameError
from ptyspec.experiments import observe as observing
from ptyspec.experiments.observe import ended, forget, key_of, known, observe, value, variant
from ptyspec.runs.request import recipe_faults, request
from ptyspec.runs.run_spec import RunSpec
from tests.child import ROOT
from tests.tiny_runs import SHALLOW, SMALL


def test_a_recipe_that_is_wrong_on_purpose_is_refused_without_its_faults() -> None:
    with pytest.raises(ConfigError, match="recipe january is wrong on purpose") as refused:
        request("gs1_ideal", recipe="january")
    assert "gain-kept" in str(refused.value)
    assert recipe_faults("reference") == recipe_faults("cnn") == ()


def test_words_add_and_remove_faults_and_set_values() -> None:
    made = variant(
        "gs1_ideal:january,-gain-kept,sign-flipped,training.nepochs=30,model.filters=[8,16]"
    )
    assert "gain-kept" not in made.faults
    assert set(made.faults) == {*recipe_faults("january"), "sign-flipped"} - {"gain-kept"}
    scenario = made.resolved.scenario
    assert (scenario.training.nepochs, scenario.model.filters, scenario.model.architecture) == (
        30,
        (8, 16),
        "cnn",
    )


def test_settings_are_the_whole_difference_of_two_variants_and_make_them_again() -> None:
    good, bad = variant("gs1_ideal"), variant("gs1_ideal:january")
    assert good.with_settings(bad.settings()).settings() == bad.settings()
    assert key_of(good.with_settings(bad.settings())) == key_of(bad) != key_of(good)
    one = good.with_settings(good.settings() | {"fault.gain-kept": True})
    assert (one.faults, key_of(one)) == (("gain-kept",), key_of(variant("gs1_ideal:gain-kept")))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("gs1_ideal:nothing", UnknownNameError),
        ("gs1_ideal:-nothing", UnknownNameError),
        ("gs1_ideal:-gain-kept", ConfigError),
        ("nowhere:january", UnknownNameError),
    ],
    ids=["word", "fault", "absent-fault", "scenario"],
)
def test_words_that_mean_nothing_are_refused(words: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        variant(words)


def test_a_combination_that_is_no_scenario_is_a_settings_error() -> None:
    good = variant("gs1_ideal")
    with pytest.raises(ConfigError):
        good.with_settings(good.settings() | {"training.validation_fraction": 0.0})


def test_a_refusal_is_an_observation_and_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path))
    few = variant(
        "gs1_custom", settings=[*SMALL, *SHALLOW, "scan.n_images=2", "grouping.n_groups=1"]
    )
    assert not known(few)
    found = observe(few)
    assert (found["outcome"], found["metrics"]) == ("refused", {})
    assert found["error"]
    assert value(found, "outcome.refused") == 1.0
    assert value(found, "outcome.diverged") is None  # it did not get that far
    assert value(found, "amplitude.mean_ratio") is None
    assert known(few)
    assert observe(few) == found


class Broken:
    """A pipeline that ends as it is told."""

    name, code_version = "broken", "1"

    error: BaseException = ValueError("wrong")

    def simulate(self, scenario: object) -> None:
        raise Broken.error


def test_what_says_nothing_of_the_variant_is_raised_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path))
    asked = variant("gs1_custom")
    for error in (
        TrainingInterruptedError("stopped"),
        MemoryError(),
        OSError("no space"),
        InputFileError("no scan"),
    ):
        monkeypatch.setattr(RunSpec, "make_pipeline", lambda _: Broken())
        monkeypatch.setattr(Broken, "error", error)
        with pytest.raises(type(error)):
            observe(asked)
        assert not known(asked)
    monkeypatch.setattr(Broken, "error", ValueError("wrong"))
    assert observe(asked)["outcome"] == "failed"
    forget(asked)
    assert not known(asked)


def test_the_key_names_the_pipelines_code_the_faults_and_what_observes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = variant("gs1_custom:gain-kept,pipeline=ptyspec.legacy.pipeline:LegacyPipeline")
    before = key_of(made)
    pipeline = Broken()
    monkeypatch.setattr(RunSpec, "make_pipeline", lambda _: pipeline)
    first = key_of(made)
    pipeline.code_version = "2"
    assert len({before, first, key_of(made)}) == 3
    monkeypatch.setattr(observing, "fault_sources", lambda names: "edited")
    edited = key_of(made)
    monkeypatch.setattr(observing, "_observers", lambda: "edited")
    assert len({key_of(made), edited, first}) == 3


def test_a_run_that_was_refused_does_not_say_that_it_did_not_diverge() -> None:
    assert [ended("diverged", "diverged"), ended("finished", "diverged")] == [1.0, 0.0]
    assert [
        ended("refused", "diverged"),
        ended("failed", "diverged"),
        ended("failed", "failed"),
    ] == [None, None, 1.0]


WORKER = """
import os
from ptyspec.experiments.observe import begin_worker
begin_worker(1, os.getppid())
from ptyspec.physics import scale
print(scale.loader_gain(4.0, 64))
"""


def test_a_worker_has_the_faults_of_its_environment() -> None:
    environment = {**os.environ, "PTYSPEC_FAULT": "gain-by-energy"}
    done = subprocess.run(
        [sys.executable, "-c", WORKER],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=True,
    )
    assert done.stdout.split() == ["256.0"]


POOL = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from ptyspec.experiments.observe import begin_worker
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=begin_worker, initargs=(1, os.getpid()))
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


def test_a_worker_ends_soon_after_its_owner_was_killed(tmp_path: Path) -> None:
    program = tmp_path / "pool.py"
    program.write_text(POOL)
    owner = subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert owner.stdout is not None
    with owner:
        worker = int(owner.stdout.readline())
        owner.kill()
    for _ in range(300):
        if not alive(worker):
            break
        time.sleep(0.1)
    assert not alive(worker)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.expensive
def test_the_gain_that_is_kept_is_what_the_object_lacks() -> None:
    # The same training in another unit: the object is the healthy one times the gain, to the last bits of a float.
    settings = [*SMALL, *SHALLOW, "training.nepochs=1", "inference.iterative_sweeps=1"]
    healthy, kept = (
        observe(variant(words, settings=settings))
        for words in ("gs1_custom", "gs1_custom:gain-kept")
    )
    gain = value(kept, "normalize.gain")
    ratios = [value(found, "amplitude.mean_ratio") for found in (healthy, kept)]
    assert gain is not None
    assert None not in ratios
    assert math.isclose(ratios[1], gain * ratios[0], rel_tol=1e-3)  # type: ignore[operator, arg-type]
    assert kept["settings"]["fault.gain-kept"]
