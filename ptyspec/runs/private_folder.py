"""A temporary folder that nobody else can read, and that does not outlive its program."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "ptyspec-door-"
LOCK = "owner.lock"
_held: dict[Path, int] = {}
"""The open lock of each folder of this program: a lock is given up when its program ends, however it ends."""


def private_folder() -> Path:
    """Return a new empty folder; folders that programs left behind that were killed are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(left)
    # Under another name until it is locked: a program that starts now must not take it for one that was left behind.
    made = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
    lock = os.open(made / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder = made.rename(made.with_name(made.name.removeprefix("new-")))
    _held[folder] = lock
    return folder


def remove(folder: Path) -> None:
    """Remove a folder that `private_folder` made."""
    shutil.rmtree(folder, ignore_errors=True)
    if (lock := _held.pop(folder, None)) is not None:
        os.close(lock)


def _remove_if_left(folder: Path) -> None:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return  # another user's, or about to be locked
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # in use
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
