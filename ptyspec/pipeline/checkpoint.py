"""What lets a training stop and go on: its state on disk after each epoch, and Ctrl-C between two steps.

The state is plain arrays in one NPZ, replaced atomically; an interrupt inside a step is kept until the step is done.
"""

import json
import signal
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.records import EpochRecord
from ptyspec.errors import InputFileError
from ptyspec.files.disk import atomic_file

NAME = "training.npz"


@dataclass(frozen=True)
class State:
    """Everything that training needs to continue exactly: variables, optimiser, best weights so far, history."""

    epoch: int
    weights: list[Array]
    optimizer: list[Array]
    best: list[Array]
    best_epoch: int
    records: tuple[EpochRecord, ...]


def save(folder: Path, state: State) -> Path:
    """Write the state; a kill at any moment leaves the previous one."""
    arrays = {
        f"{kind}_{i:04d}": a
        for kind in ("weights", "optimizer", "best")
        for i, a in enumerate(getattr(state, kind))
    }
    records = [record.model_dump(mode="json") for record in state.records]
    text = json.dumps({"epoch": state.epoch, "best_epoch": state.best_epoch, "records": records})
    path = folder / NAME
    with atomic_file(path) as file:
        np.savez(file, state=np.array(text), **arrays)
    return path


def load(folder: Path) -> State | None:
    """Return the last state, or None where there is none; raises InputFileError when it is damaged."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            head = json.loads(str(file["state"]))
            kinds = {
                kind: [file[name] for name in sorted(file.files) if name.startswith(f"{kind}_")]
                for kind in ("weights", "optimizer", "best")
            }
        records = tuple(EpochRecord.model_validate(row) for row in head["records"])
        return State(epoch=head["epoch"], best_epoch=head["best_epoch"], records=records, **kinds)
    except (OSError, EOFError, TypeError, ValueError, KeyError, zipfile.BadZipFile) as error:
        what = "the checkpoint cannot be read"
        step = "run without --resume to train again from the start"
        raise InputFileError(what, value=str(error), source=path, next_step=step) from error


@contextmanager
def between_steps() -> Iterator[Callable[[], None]]:
    """Yield a function to call between steps; it raises KeyboardInterrupt if one was asked for since,
    and so does leaving the block.

    Raising at once loses interrupts: Python reports and drops an exception that falls into a destructor or a
    weak reference's callback, and a training step runs thousands of them. A second Ctrl-C raises at once.
    Outside the main thread, or where interrupts are ignored or handled by the caller, nothing is changed.
    """
    asked = False

    def keep(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            signal.default_int_handler(number, frame)
        asked = True

    def check() -> None:
        nonlocal asked
        if asked:
            asked = False
            raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield check
        return
    signal.signal(signal.SIGINT, keep)
    try:
        yield check
        check()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
