"""Asked twice | asked once: equal requests are one run on disk (design 6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Reconstruction
from ptyspec.contracts.resolve import Resolved
from ptyspec.errors import InputFileError, OutputExistsError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.front import run as front
from ptyspec.pipeline import checkpoint
from ptyspec.pipeline.protocol import Trained
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.report.pages import PAGES
from ptyspec.runs.finished_run import FILES
from ptyspec.runs.run import key_of, produce
from ptyspec.runs.store import RunStore
from tests import child
from tests.evidence import evidence
from tests.tiny_runs import SHALLOW, digest, tiny

pytestmark = pytest.mark.expensive

BRIEF = (*SHALLOW, "training.nepochs=1", "inference.iterative_sweeps=1")


@dataclass
class Count:
    """How often training began, and what was stitched: the result first, then the controls."""

    trainings: int = 0
    stitched: list[Reconstruction] = field(default_factory=list)


@contextmanager
def counted() -> Iterator[Count]:
    """Watch the reference; a subclass would be another pipeline, with keys of its own."""
    count, train, stitch = Count(), ReferencePipeline.train, ReferencePipeline.stitch

    def counting_train(*given: Any) -> Trained:
        count.trainings += 1
        return train(*given)

    def counting_stitch(*given: Any) -> Reconstruction:
        count.stitched.append(stitch(*given))
        return count.stitched[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReferencePipeline, "train", counting_train)
        patch.setattr(ReferencePipeline, "stitch", counting_stitch)
        yield count


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may be asked for anything."""

    def simulate(*_: Any) -> None:
        raise AssertionError("nothing may be computed here")

    monkeypatch.setattr(ReferencePipeline, "simulate", simulate)


def wanted() -> Resolved:
    return tiny("gs1_custom", *BRIEF)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunStore, Path, Count]:
    """A run in a fresh store that holds another run's damaged checkpoint."""
    store = RunStore(tmp_path_factory.mktemp("store"))
    other = store.checkpoint_folder(key_of(tiny("gs1_custom", *BRIEF, seed=7)))
    (other / checkpoint.NAME).write_bytes(b"damaged")
    with counted() as count:
        return store, produce(wanted(), store=store, resume=True), count


@pytest.mark.clause("STORE-008")
def test_a_checkpoint_of_another_run_is_neither_used_nor_removed(
    made: tuple[RunStore, Path, Count],
) -> None:
    store, folder, count = made
    assert count.trainings == 1  # it resumed from nothing, although another key has something
    assert folder.name == key_of(wanted())
    assert [p.read_bytes() for p in (store.root / "checkpoints").glob("*/*")] == [b"damaged"]


@pytest.mark.clause("RUN-001")
def test_a_finished_run_is_whole_and_holds_the_object_of_the_pipeline(
    made: tuple[RunStore, Path, Count],
) -> None:
    _, folder, count = made
    assert {*FILES} == {p.name for p in folder.iterdir()}
    with np.load(folder / "reconstruction.npz") as file:
        assert digest(file["object"]) == digest(count.stitched[0].object)


@pytest.mark.clause("STORE-003")
@pytest.mark.usefixtures("idle")
def test_an_equal_request_finds_the_run_and_computes_nothing(
    made: tuple[RunStore, Path, Count],
) -> None:
    store, folder, _ = made
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    assert produce(wanted(), store=store) == folder
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


@pytest.mark.clause("STORE-003")
@pytest.mark.usefixtures("idle")
def test_a_request_that_differs_in_one_setting_is_another_run(
    made: tuple[RunStore, Path, Count],
) -> None:
    store, _, _ = made
    with pytest.raises(AssertionError, match="nothing may be computed"):
        produce(tiny("gs1_custom", *BRIEF, "training.learning_rate=0.001"), store=store)
    assert not list((store.root / "partial").iterdir())


@pytest.mark.clause("STORE-006")
@pytest.mark.usefixtures("idle")
def test_an_output_folder_that_holds_something_is_refused_before_any_work(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    with pytest.raises(OutputExistsError) as error:
        front.produce(wanted(), out=out, store=RunStore(tmp_path / "store"))
    assert str(out) in str(error.value)
    assert (out / "mine.txt").read_text() == "keep"
    assert not (tmp_path / "store").exists()


@pytest.mark.usefixtures("idle")
def test_the_run_is_copied_to_where_it_is_wanted(
    made: tuple[RunStore, Path, Count], tmp_path: Path
) -> None:
    store, folder, _ = made
    out = front.produce(wanted(), out=tmp_path / "out", store=store)
    assert out == tmp_path / "out"
    for name in (*FILES, *PAGES):
        assert (out / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.clause("STORE-008")
def test_a_damaged_checkpoint_of_its_own_is_refused_on_resume_and_forgotten_without(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store, resolved = RunStore(tmp_path), wanted()
    own = store.checkpoint_folder(key_of(resolved)) / checkpoint.NAME
    own.write_bytes(b"damaged")
    with pytest.raises(InputFileError, match="checkpoint"):
        produce(resolved, store=store, resume=True)
    assert store.find(key_of(resolved)) is None
    assert own.read_bytes() == b"damaged"
    request.getfixturevalue("idle")
    with pytest.raises(AssertionError):
        produce(resolved, store=store)
    assert not own.exists()


ONCE = """
import sys
from pathlib import Path
from ptyspec.runs.threads import default_threads, set_threads
set_threads(default_threads())
from ptyspec.runs.store import RunStore
from ptyspec.pipeline.protocol import Progress
from ptyspec.runs.run import produce
from ptyspec.pipeline.reference import ReferencePipeline
from tests.tiny_runs import SHALLOW, tiny

root, log = map(Path, sys.argv[1:])

def train(*given, of=ReferencePipeline.train):
    with log.open("a") as file:
        file.write("train\\n")
    return of(*given)

ReferencePipeline.train = train

class Watch(Progress):
    def message(self, text):
        print(text)

print("ready", flush=True)
sys.stdin.readline()
print(produce(tiny("gs1_custom", *SHALLOW, "training.nepochs=1"), store=RunStore(root), progress=Watch()))
"""


def ask_at_once(folder: Path) -> None:
    """Two processes that wait for each other and then ask for the same run; what they said, what is there then."""
    with TemporaryDirectory() as name:
        store, log = Path(name) / "store", Path(name) / "log"
        both = [child.start(ONCE, store, log, PYTHONPATH=str(child.ROOT)) for _ in range(2)]
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in both:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        ended = [child.finish(process) for process in both]
        said = {
            "codes": [code for code, _, _ in ended],
            "errors": [err for _, _, err in ended],
            "lines": [out.split("\n")[:-1] for _, out, _ in ended],
            "runs": [str(path) for path in (store / "runs").iterdir()],
            "log": log.read_text(),
        }
    write_json(folder / "said.json", said)


@pytest.fixture
def asked_at_once(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    with evidence(request, ask_at_once) as folder:
        yield read_json(folder / "said.json")


@pytest.mark.clause("STORE-005")
def test_two_processes_that_ask_at_once_train_once_and_share_the_run(
    asked_at_once: dict[str, Any],
) -> None:
    assert asked_at_once["codes"] == [0, 0], asked_at_once["errors"]
    lines = asked_at_once["lines"]
    assert [lines[0][-1], lines[1][-1]] == 2 * asked_at_once["runs"]  # the only run there is
    assert asked_at_once["log"] == "train\n"
    assert sorted(map(len, lines)) == [1, 2]  # the one that waited says so
