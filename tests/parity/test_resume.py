"""Killed and resumed | uninterrupted: the command line ends with the same object (design 6, 12)."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

import pytest
from pydantic import TypeAdapter

from ptyspec.contracts.records import EpochRecord
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.pipeline import checkpoint
from ptyspec.runs.store import RunStore
from ptyspec.runs.threads import current_threads
from ptyspec.spec.checks import Check
from tests import child
from tests.evidence import evidence
from tests.tiny_runs import SHALLOW, SMALL, digest, object_of, stored

pytestmark = pytest.mark.expensive

EPOCHS = 24
"""Enough that a process is still training when its first checkpoints have been seen."""
ENTRY = "from ptyspec.cli.main import entry; entry()"
OWN = (*SHALLOW, "training.batch_size=4", f"training.nepochs={EPOCHS}")
SETTINGS = [f"--set={text}" for text in (*SMALL, *OWN)]
COMMAND = ("run", "gs1_custom", "--profile", "quick", *SETTINGS, "--json")


@dataclass(frozen=True)
class Ended:
    code: int
    err: str
    runs: list[str]
    partial: list[str]
    kept: list[EpochRecord]
    """The epochs of the checkpoint that is left; empty where there is none."""


@dataclass(frozen=True)
class Completed:
    name: str
    history: list[EpochRecord]
    object: str
    """Digest."""
    left: list[str]
    """What else its store holds."""


@dataclass(frozen=True)
class Story:
    """One run killed, resumed, interrupted, resumed to the end; and one that nothing happened to."""

    killed: Ended
    interrupted: Ended
    resumed: Completed
    uninterrupted: Completed


STORY = TypeAdapter(Story)


def begin(home: Path, *more: str) -> Popen[str]:
    threads = str(current_threads()["intra"])  # those of the process that makes the whole one
    return child.start(ENTRY, *COMMAND, "--threads", threads, *more, PTYSPEC_HOME=str(home))


def state_of(home: Path) -> checkpoint.State | None:
    found = list((home / "checkpoints").glob("*/training.npz"))
    return checkpoint.load(found[0].parent) if found else None


def end_after(process: Popen[str], home: Path, epochs: int, by: signal.Signals) -> Ended:
    """Send the signal as soon as a checkpoint of more than `epochs` epochs is there."""
    limit = time.monotonic() + child.SECONDS
    seen = None
    while seen is None or seen.epoch <= epochs:
        assert process.poll() is None, child.finish(process)
        assert time.monotonic() < limit
        time.sleep(0.05)  # half an epoch; to read a checkpoint costs the process that waits
        seen = state_of(home)
    process.send_signal(by)
    code, _, err = child.finish(process)
    names = {part: sorted(p.name for p in (home / part).glob("*")) for part in ("runs", "partial")}
    kept = state_of(home)
    return Ended(
        code, err, names["runs"], names["partial"], [] if kept is None else list(kept.records)
    )


def finished_by(process: Popen[str]) -> Path:
    """The run that the process finished."""
    code, out, err = child.finish(process)
    # So small a run may be wrong or doubtful; it is finished all the same.
    assert code in (0, 1, 5), err
    return Path(json.loads(out)["run"])


def complete(run: Path, home: Path) -> Completed:
    """A finished run, and what is beside it in its store."""
    assert run.parents[1] == home
    left = sorted(
        str(p.relative_to(home))
        for part in ("checkpoints", "partial")
        for p in (home / part).glob("*")
    )
    rows = [EpochRecord.model_validate(row) for row in read_json(run / "history.json")["epochs"]]
    return Completed(run.name, rows, digest(object_of(run)), left)


def live(folder: Path) -> None:
    """Let the story happen and write it down."""
    with TemporaryDirectory() as name:
        home = Path(name)
        killed = end_after(begin(home), home, 0, signal.SIGKILL)
        interrupted = end_after(begin(home, "--resume"), home, len(killed.kept), signal.SIGINT)
        resumed = complete(finished_by(begin(home, "--resume")), home)
        whole = complete(stored("gs1_custom", *OWN), RunStore().root)
        told = Story(killed, interrupted, resumed, whole)
    write_json(folder / "story.json", STORY.dump_python(told, mode="json"))


@pytest.fixture(scope="module")
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    with evidence(request, live) as folder:
        yield STORY.validate_python(read_json(folder / "story.json"))


@pytest.mark.clause("STORE-004")
def test_a_killed_process_was_killed_in_training_and_leaves_nothing_finished(story: Story) -> None:
    assert story.killed.code == -signal.SIGKILL
    assert story.killed.runs == []
    assert 0 < len(story.killed.kept) < EPOCHS


def test_an_interrupt_ends_with_code_3_and_names_the_option_that_continues(story: Story) -> None:
    assert story.interrupted.code == 3
    assert "training was interrupted" in story.interrupted.err
    assert "--resume" in story.interrupted.err
    assert f"of {EPOCHS} epochs are done" in story.interrupted.err
    assert "Traceback" not in story.interrupted.err


@pytest.mark.clause("STORE-004", "STORE-009")
def test_an_interrupt_leaves_no_run_and_no_part_of_one_but_its_checkpoint(
    clause: Check, story: Story
) -> None:
    left = story.interrupted
    clause("STORE-004").equal(left.runs, [], "runs")
    clause("STORE-004").equal(left.partial, [], "parts, also those of the killed process")
    clause("STORE-009").holds(left.kept, "the checkpoint is kept")


@pytest.mark.clause("STORE-007")
def test_a_resumed_run_goes_on_where_the_checkpoint_stood(story: Story) -> None:
    """The epochs before the break are those of the first process, to the seconds they took."""
    first, second, whole = story.killed.kept, story.interrupted.kept, story.resumed.history
    assert second[: len(first)] == first
    assert 0 < len(first) < len(second)
    assert whole[: len(second)] == second
    assert len(whole) == EPOCHS


@pytest.mark.clause("STORE-007", "DET-001")
def test_the_resumed_object_is_the_uninterrupted_one_bit_by_bit(
    clause: Check, story: Story
) -> None:
    resumed, whole = story.resumed, story.uninterrupted
    clause("STORE-007").equal(resumed.object, whole.object, "object")
    histories = [[row.metrics for row in one.history] for one in (resumed, whole)]
    clause("STORE-007").equal(*histories, "history")
    clause("STORE-007").equal(resumed.name, whole.name, "key")
    # One of the two was made by three processes, the other by one.
    clause("DET-001").equal(resumed.object, whole.object, "object of another process")


def test_a_finished_run_needs_its_checkpoint_no_more(story: Story) -> None:
    assert story.resumed.left == []
