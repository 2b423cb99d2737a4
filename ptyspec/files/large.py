"""Frames of any number in the memory of a few: what is made of them, block by block, is kept in a private file."""

import math
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from ptyspec.contracts.arrays import BLOCK_BYTES
from ptyspec.contracts.bundles import Array
from ptyspec.errors import OutputFileError

if TYPE_CHECKING:
    import h5py

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


def stored_values(dataset: "h5py.Dataset") -> Array:
    """Return what a dataset holds; a large one stays in its file, or goes block by block to one of its own."""
    if not is_large(dataset.nbytes) or dataset.dtype.kind not in "biuf":
        return np.asarray(dataset[()])
    place = dataset.id.get_offset()  # None unless the values lie in the file in one piece
    if place is not None:
        return np.memmap(dataset.file.filename, dataset.dtype, "r", place, dataset.shape)
    side = (dataset.chunks or (1,))[0]
    rows = max(1, BLOCK_BYTES // (dataset.nbytes // len(dataset)) // side) * side
    parts = (dataset[start : start + rows] for start in range(0, len(dataset), rows))
    return gathered(parts, dataset.shape, dataset.dtype)


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
