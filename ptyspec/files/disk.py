"""What may be read, and how files and folders are written: whole or not at all.

Nothing half-written ever carries its name, and a full disk is said in plain words.
"""

import errno
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ptyspec.errors import InputFileError, OutputExistsError, OutputFileError

RUN_MARK = "scenario.json"
"""The file by which a folder is known to be a run."""


@contextmanager
def clear_errors(folder: Path) -> Iterator[None]:
    """Turn a full disk, or a refusal to write below `folder`, into a OutputFileError; other errors pass through."""
    try:
        yield
    except OSError as error:
        where = Path(str(error.filename)) if error.filename else folder
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            what = "the disk is full; nothing unfinished was kept"
            step = "free some space, or set PTYSPEC_HOME to a folder on another disk, and run again"
            value = f"{shutil.disk_usage(folder).free // 1_000_000} MB free"
            raise OutputFileError(what, value=value, source=where, next_step=step) from error
        refused = error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}
        if refused and where.resolve().is_relative_to(folder.resolve()):
            raise _refused("this folder cannot be written", where, error) from error
        raise


def make_folder(folder: Path) -> Path:
    """Create the folder and its parents where missing and return it; raises OutputFileError when that is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused("this folder cannot be created", folder, error) from error
    return folder


def _refused(what: str, where: Path, error: OSError) -> OutputFileError:
    step = "choose another folder with --out, or set PTYSPEC_HOME for the run store"
    return OutputFileError(what, value=where, source=error.strerror, next_step=step)


def check_place(folder: Path, what: str, ours: Callable[[Path], bool]) -> None:
    """Raise OutputExistsError unless `folder` is new, empty, or `ours`: it holds WHAT and may be written over.

    Call it before the work whose result goes there.
    """
    if folder.exists() and not folder.is_dir():
        problem, limit, step = "the output path is a file", "a folder", "name a folder"
    elif folder.is_dir() and any(folder.iterdir()) and not ours(folder):
        problem = f"the output folder holds something else than {what}"
        limit, step = f"a new or empty folder, or {what}", "choose another folder with --out"
    else:
        return
    raise OutputExistsError(problem, value=folder, limit=limit, source="--out", next_step=step)


def publish(folder: Path, out: Path, force: bool = False) -> Path:
    """Copy a finished run to the user's folder `out`, whole or not at all, and return it.

    Raises OutputExistsError when `out` holds something; `force` replaces an earlier run there, and only a run: a
    folder of anything else is never removed. Raises OutputFileError when the disk is full or not writable.
    """
    out = out.expanduser().resolve()
    check_output(out, force)
    make_folder(out.parent)
    with (
        clear_errors(out.parent),
        tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as aside,
    ):
        whole, old = Path(aside) / "new", Path(aside) / "old"
        whole.mkdir()
        # Stops at the first error: shutil.copytree would hide its errno in a list.
        for path in sorted(folder.rglob("*")):
            beside = whole / path.relative_to(folder)
            if path.is_dir():
                beside.mkdir()
            else:
                shutil.copy2(path, beside)
        check_output(out, force)  # copying takes time
        if out.exists():
            out.rename(old)
        try:
            whole.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    return out


def check_output(out: Path, force: bool = False) -> None:
    """Raise OutputExistsError when `publish` to `out` would refuse; call it before the work is done."""
    out = out.expanduser().resolve()
    check_place(out, "a run of ptyspec", lambda folder: (folder / RUN_MARK).is_file())
    if not force and out.is_dir() and any(out.iterdir()):
        what = "the output folder already holds a run"
        step = "choose another folder with --out, or replace the run with --force"
        raise OutputExistsError(what, value=out, next_step=step)


def existing_file(path: Path) -> Path:
    """Return `path` if it is a readable file that is not empty; InputFileError otherwise."""
    path = Path(path)
    limit = None
    if not path.exists():
        what, step = "there is no such file", "check the path and the working folder"
    elif not path.is_file():
        what, limit = "this is not a file", "a file"
        step = "name the .npz, .cxi or .h5 file inside it"
    elif path.stat().st_size == 0:
        what, limit = "the file is empty", "more than 0 bytes"
        step = "copy or write the file again"
    elif not os.access(path, os.R_OK):
        what, step = "the file may not be read", "ask for read permission (chmod +r)"
    else:
        return path
    raise InputFileError(what, value=path, limit=limit, next_step=step)


def sha256_of(path: Path, linked: object = None) -> str:
    """Return the SHA-256 of the file's bytes as 64 hexadecimal digits; InputFileError if it cannot be read.

    `linked`: the digests of files that it leads to, as JSON has them; they then count as its bytes.
    """
    with existing_file(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    if linked:
        digest.update(json.dumps(linked, sort_keys=True).encode())
    return digest.hexdigest()


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary file that takes the name `path` only after everything was written and flushed to the disk.

    Any exception, an interruption included, removes the temporary file and leaves a former `path` as it was.
    Raises OutputFileError where the system refuses (no space, no permission, no folder).
    """
    path = Path(path)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with scratch.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except OSError as error:
        what = "the file could not be written; nothing was left behind"
        value = error.strerror or str(error)
        step = "check free space, the folder and its permissions, then write again"
        raise OutputFileError(what, value=value, source=path, next_step=step) from error
    finally:
        scratch.unlink(missing_ok=True)  # gone already after a successful rename
