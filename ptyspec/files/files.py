"""Paths: what may be read, and how a file is written so that nothing half-written ever carries its name."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ptyspec.errors import InputFileError, OutputFileError


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


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file's bytes as 64 hexadecimal digits; InputFileError if it cannot be read."""
    with existing_file(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
        raise OutputFileError(
            "the file could not be written; nothing was left behind",
            value=error.strerror or str(error),
            source=path,
            next_step="check free space, the folder and its permissions, then write again",
        ) from error
    finally:
        scratch.unlink(missing_ok=True)  # gone already after a successful rename
