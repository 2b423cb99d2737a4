"""Frames of any number in the memory of a few: what is made of them, block by block, is kept in a private file."""

import math
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import DTypeLike

from ptyspec.contracts.bundles import Array
from ptyspec.errors import OutputFileError

LARGEST = 128 * 2**20
"""Bytes of an array that is held in memory."""


def is_large(size: int) -> bool:
    """Tell whether an array of so many bytes lies on disk."""
    return size > LARGEST


def gathered(parts: Iterable[Array], shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return the array of this shape and dtype that the parts make along its first axis.

    One of more than LARGEST bytes is a read-only map of a file in the system's temporary folder. The file has no name,
    so that it is gone when nothing uses the array. Raises OutputFileError where there is no room for it.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if not is_large(size):
        out, done = np.empty(shape, dtype), 0
        for part in parts:
            out[done : done + len(part)] = part
            done += len(part)
        return out
    with tempfile.TemporaryFile() as file:
        for part in parts:
            with _room(size):
                file.write(np.ascontiguousarray(part, dtype).data)
        with _room(size):
            file.flush()
            return np.memmap(file, dtype, "r", shape=shape)


@contextmanager
def _room(size: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = "there is no room for the frames in the temporary folder"
        step = "free some space there, or set TMPDIR to a folder on another disk"
        value, limit, folder = error.strerror, f"{size / 1e9:.1f} GB", tempfile.gettempdir()
        raise OutputFileError(
            what, value=value, limit=limit, source=folder, next_step=step
        ) from error
