"""`ptyspec serve`: the same bundles and answers through a process, and the page's transcript and example as they stand."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.checks.box import Box
from ptyspec.checks.judge import judge
from ptyspec.contracts.base import Bundle
from ptyspec.contracts.bundles import Container, GroupedScan, Patches, RawScan, Reconstruction
from ptyspec.errors import ConfigError, ProcessError, RefusedError, TooFewPointsError
from ptyspec.pipeline import protocol
from ptyspec.pipeline.box import Scan
from ptyspec.pipeline.protocol import Session
from ptyspec.runs import wire
from ptyspec.runs.pipelines import maker, pipeline_code
from ptyspec.runs.remote import RemoteNetwork
from ptyspec.runs.run import key_of
from ptyspec.runs.walk import Walk
from ptyspec.spec.finding import State
from tests.doc_blocks import blocks
from tests.tiny_runs import tiny
from tests.trivial_pipeline import Trivial

PAGE = "docs/process-door.md"
SERVE = shlex.join([sys.executable, "-c", "from ptyspec.cli.main import entry; entry()", "serve"])


def a_scan() -> Scan:
    rng = np.random.default_rng(0)
    frames = np.asfortranarray(rng.poisson(5, (6, 8, 8)).astype(">f4"))
    return Scan(frames, 4 * rng.random((6, 2)), np.ones((8, 8), np.complex64), 10.0)


def same(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """The fields in which two bundles differ by a bit, a dtype, a shape or a value."""
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or not np.array_equal(one, other, equal_nan=True):
            yield where
    elif isinstance(one, Bundle) or (is_dataclass(one) and not callable(one)):
        for name in wire.kinds(type(one)):
            yield from same(getattr(one, name), getattr(other, name), f"{where}.{name}")
    elif not callable(one) and one != other:
        yield where


@pytest.fixture(scope="module")
def stages() -> Iterator[Any]:
    made = maker(f"cmd:{SERVE} tests.trivial_pipeline:Trivial")()
    yield made
    made.close()


def test_every_stage_hands_over_the_same_bits_through_a_process(stages: Any) -> None:
    scenario = tiny().scenario
    here, there = Walk(Trivial(), scenario), Walk(stages, scenario)
    for output in ("scan", "halves", "groups", "containers", "trained", "patches"):
        assert list(same(getattr(here, output), getattr(there, output), output)) == []
    made = here.containers.test.coarse
    assert stages.score(scenario, here.scan, made) == Trivial().score(scenario, here.scan, made)


def test_a_refusal_of_a_stage_has_its_own_type(stages: Any) -> None:
    scenario = tiny("gs1_custom", "model.gridsize=2").scenario
    halves = Walk(Trivial(), scenario).halves
    few = protocol.TrainTest(halves.train.take(np.arange(2)), halves.test.take(np.arange(2)))
    with pytest.raises(TooFewPointsError) as told:
        stages.group(scenario, few)
    with pytest.raises(TooFewPointsError) as wanted:
        Trivial().group(scenario, few)
    assert str(told.value) == str(wanted.value)


def test_a_generator_outlives_its_process_and_of_another_its_prediction_travels(
    stages: Any,
) -> None:
    scenario = tiny().scenario
    walk = Walk(Trivial(), scenario)
    trained = stages.train(scenario, walk.containers, Session())
    stages.process._running.kill()
    stages.process._running.wait()
    made = stages.infer(scenario, trained, walk.containers.test)
    assert list(same(made, walk.patches)) == []
    elsewhere = stages.infer(scenario, walk.trained, walk.containers.test)
    assert list(same(elsewhere, walk.patches)) == []


def test_stored_runs_are_found_by_the_code_that_the_process_names(
    stages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pipeline_code(stages) == stages.code != ""
    first = key_of(tiny(), stages)
    monkeypatch.setattr(stages, "code", "other")
    assert key_of(tiny(), stages) != first
    monkeypatch.setattr(stages, "code", "")
    assert pipeline_code(stages) is None


def test_what_is_declared_and_not_there_is_an_error_of_its_stage(
    stages: Any, tmp_path: Path
) -> None:
    """A lying capability."""
    script = tmp_path / "lab.sh"
    script.write_text(
        "read question\n"
        'echo \'{"protocol": 1, "door": "stages", "name": "lab", "stages": ["stitch", "score"]}\'\n'
        "while read question; do echo '{\"ok\": true}'; done\n"
    )
    from ptyspec.runs.remote import connect

    lab: Any = connect(f"sh {script}")
    try:
        assert not hasattr(lab, "simulate")
        patches = Walk(Trivial(), tiny().scenario).patches
        with pytest.raises(
            ProcessError, match="`stitch` cannot be used: Reconstruction lacks object"
        ):
            lab.stitch(tiny().scenario, patches)
    finally:
        lab.close()
    with pytest.raises(ConfigError, match="has no such stage"):
        stages.process.ask("predicts")


@pytest.fixture(scope="module")
def network() -> Iterator[RemoteNetwork]:
    made = maker(f"cmd:{SERVE} tests.doors.noisy:Noisy")()
    yield made
    made.close()


def test_nothing_that_a_pipeline_prints_reaches_the_protocol(network: RemoteNetwork) -> None:
    model = network.fit([a_scan(), a_scan()], {"level": 3.0})
    image, origin = network.reconstruct(a_scan(), model)
    assert (image[0, 0], origin) == (36, (1, -2))
    assert network.untrained == {"level": 0.0}
    assert network.process.folder is not None
    told = (network.process.folder / "stderr.txt").read_text()
    for noise in ("noise of an import", "fitting 2", "written by hand", "written by C"):
        assert noise in told


def test_a_model_outlives_its_process_and_no_other_may_travel(network: RemoteNetwork) -> None:
    model = network.fit([a_scan()], {"level": 1.0})
    network.process._running.kill()
    network.process._running.wait()
    assert network.reconstruct(a_scan(), model)[0][0, 0] == 6
    with pytest.raises(ConfigError, match="what was trained elsewhere cannot travel"):
        network.reconstruct(a_scan(), {"level": 1.0})


def test_no_memory_in_the_process_is_no_refusal(network: RemoteNetwork) -> None:
    dark = a_scan().but(frames=np.zeros_like(a_scan().frames))
    model = network.fit([a_scan()], {"level": 1.0})
    with pytest.raises(ProcessError, match="ran out of memory at `reconstruct`"):
        network.reconstruct(dark, model)


TRANSCRIPT = next(one.text for one in blocks(PAGE) if one.text.startswith("$ ptyspec serve"))


def agrees(told: Any, shown: Any) -> bool:
    """Whether an answer is what the page shows; `...` stands for any value."""
    if shown == "...":
        return True
    if isinstance(shown, dict) and isinstance(told, dict):
        return told.keys() == shown.keys() and all(agrees(told[key], shown[key]) for key in shown)
    return bool(told == shown)


def test_the_page_s_transcript_is_what_happens(tmp_path: Path) -> None:
    first, *lines = TRANSCRIPT.splitlines()
    wire.pack(a_scan(), tmp_path / "1-scan.npz")
    words = [*shlex.split(SERVE), first.split()[-1]]
    running = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stdin is not None
    assert running.stdout is not None
    for line in lines:
        if line.startswith("> "):
            running.stdin.write(line[2:].replace("FOLDER", str(tmp_path)) + "\n")
            running.stdin.flush()
        else:
            told = json.loads(running.stdout.readline())
            assert agrees(told, json.loads(line.removeprefix("< "))), f"{line}\n{told}"
    running.stdin.close()
    assert running.wait(20) == 0
    with np.load(tmp_path / "1-out.npz") as made:
        assert sorted(made.files) == ["object", "origin"]


def test_the_page_s_plain_script_needs_no_ptyspec_and_is_judged(tmp_path: Path) -> None:
    code = next(one.text for one in blocks(PAGE) if one.file == "plain.py")
    assert "import ptyspec" not in code
    assert len(code.splitlines()) < 50
    (tmp_path / "plain.py").write_text(code)
    plain = maker(f"cmd:{sys.executable} {tmp_path / 'plain.py'}")()
    try:
        box = Box(plain, np.ones((16, 16), np.complex64), a_scan(), 1e4)
        found = judge(box, {"RECON-031", "RECON-037"})
        assert {one.state for one in found} == {State.PASSED}
        with pytest.raises(RefusedError, match="operands could not be broadcast"):
            plain.reconstruct(a_scan().but(probe=np.ones((4, 4))), {"sweeps": 1})
    finally:
        plain.close()


BUNDLES = [
    *(Scan, RawScan, protocol.TrainTest, GroupedScan, protocol.GroupedTrainTest, Container),
    *(protocol.Containers, protocol.Trained, Patches, Reconstruction),
]


@pytest.mark.parametrize("bundle", BUNDLES, ids=[one.__name__ for one in BUNDLES])
def test_the_page_names_every_field_of_a_bundle(bundle: type) -> None:
    text = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")
    [row] = re.findall(rf"^\| {bundle.__name__} \|.*$", text, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", row))
    assert named == set(wire.kinds(bundle)) - {"predict"}
