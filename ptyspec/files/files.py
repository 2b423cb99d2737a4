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
    if not path.exists():
        raise InputFileError(
            "there is no such file", value=path, next_step="check the path and the working folder"
        )
    if not path.is_file():
        raise InputFileError(
            "this is not a file",
            value=path,
            limit="a file",
            next_step="name the .npz, .cxi or .h5 file inside it",
        )
    if path.stat().st_size == 0:
        raise InputFileError(
            "the file is empty",
            value=path,
            limit="more than 0 bytes",
            next_step="copy or write the file again",
        )
    if not os.access(path, os.R_OK):
        raise InputFileError(
            "the file may not be read", value=path, next_step="ask for read permission (chmod +r)"
        )
    return path


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
