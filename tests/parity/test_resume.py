"""Killed and resumed | uninterrupted: the command line ends with the same object (design 6, 12)."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import numpy as np
import pytest

from ptyspec.contracts.records import EpochRecord
from ptyspec.io.jsonfile import read_json
from ptyspec.io.store import RunStore
from ptyspec.pipeline import checkpoint
from tests import child
from tests.tiny_runs import SHALLOW, SMALL, digest

EPOCHS = 40
"""Enough that a process is still training when its first checkpoints have been seen."""
ENTRY = "from ptyspec.cli.main import entry; entry()"
SETTINGS = [f"--set={text}" for text in (*SMALL, *SHALLOW, "training.batch_size=4", f"training.nepochs={EPOCHS}")]
COMMAND = ("run", "gs1_custom", "--profile", "quick", *SETTINGS, "--threads", "1", "--json")


@dataclass(frozen=True)
class Ended:
    code: int
    err: str
    seen: checkpoint.State
    """The last state that was read while the process trained."""
    runs: list[str]
    partial: list[str]
    kept: checkpoint.State | None


@dataclass(frozen=True)
class Story:
    killed: Ended
    interrupted: Ended
    resumed: Path
    uninterrupted: Path


def begin(home: Path, *more: str) -> Popen[str]:
    return child.start(ENTRY, *COMMAND, *more, PTYSPEC_HOME=str(home))


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
        time.sleep(0.01)
        seen = state_of(home)
    process.send_signal(by)
    code, _, err = child.finish(process)
    names = {part: sorted(p.name for p in (home / part).glob("*")) for part in ("runs", "partial")}
    return Ended(code, err, seen, names["runs"], names["partial"], state_of(home))


def complete(process: Popen[str], home: Path) -> Path:
    """The folder of the run that the process finished, made or found."""
    code, out, err = child.finish(process)
    assert code in (0, 1), err  # 1: so small a run may violate a score; it is finished all the same
    run = Path(json.loads(out)["run"])
    assert run.parents[1] == home
    return run


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One run killed, resumed, interrupted, resumed to the end; and one that nothing happened to."""
    home, shared = tmp_path_factory.mktemp("broken"), RunStore().root  # the whole one may be there already
    whole = begin(shared)
    killed = end_after(begin(home), home, 0, signal.SIGKILL)
    assert killed.kept is not None
    interrupted = end_after(begin(home, "--resume"), home, killed.kept.epoch, signal.SIGINT)
    return Story(killed, interrupted, complete(begin(home, "--resume"), home), complete(whole, shared))


def history(run: Path) -> list[EpochRecord]:
    return [EpochRecord.model_validate(row) for row in read_json(run / "history.json")["epochs"]]


@pytest.mark.clause("STORE-004")
def test_a_killed_process_was_killed_in_training_and_leaves_nothing_finished(story: Story) -> None:
    assert story.killed.code == -signal.SIGKILL
    assert story.killed.runs == []
    assert story.killed.kept is not None
    assert 0 < story.killed.kept.epoch < EPOCHS


def test_an_interrupt_ends_with_code_3_and_names_the_option_that_continues(story: Story) -> None:
    assert story.interrupted.code == 3
    assert "training was interrupted" in story.interrupted.err
    assert "--resume" in story.interrupted.err
    assert f"of {EPOCHS} epochs are done" in story.interrupted.err
    assert "Traceback" not in story.interrupted.err


@pytest.mark.clause("STORE-004", "STORE-009")
def test_an_interrupt_leaves_no_run_and_no_part_of_one_but_its_checkpoint(story: Story) -> None:
    assert story.interrupted.runs == []
    assert story.interrupted.partial == []  # what the killed process had left is gone as well
    assert story.interrupted.kept is not None


@pytest.mark.clause("STORE-007")
def test_a_resumed_run_goes_on_where_the_checkpoint_stood(story: Story) -> None:
    """The epochs before the break are those of the first process, to the seconds they took."""
    assert story.killed.kept is not None
    assert story.interrupted.kept is not None
    first, second = list(story.killed.kept.records), list(story.interrupted.kept.records)
    assert second[: len(first)] == first
    assert len(first) < len(second)
    assert history(story.resumed)[: len(second)] == second
    assert len(history(story.resumed)) == EPOCHS


@pytest.mark.clause("STORE-007", "DET-001")
def test_the_resumed_object_is_the_uninterrupted_one_bit_by_bit(story: Story) -> None:
    made = []
    for run in (story.resumed, story.uninterrupted):
        with np.load(run / "reconstruction.npz") as file:
            made.append(digest(file["object"]))
    assert made[0] == made[1]
    assert [r.metrics for r in history(story.resumed)] == [r.metrics for r in history(story.uninterrupted)]
    assert story.resumed.name == story.uninterrupted.name  # one key


def test_a_finished_run_needs_its_checkpoint_no_more(story: Story) -> None:
    home = story.resumed.parents[1]
    assert not list((home / "checkpoints").glob("*"))
    assert not list((home / "partial").glob("*"))
