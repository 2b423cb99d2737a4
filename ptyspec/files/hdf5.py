"""HDF5, read-only, and only what lies in the file itself (FILE-005).

Soft links inside the file are followed. Everything through which HDF5 itself would open another
place is refused before it is opened: external links, external storage and virtual datasets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import h5py
import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import InputFileError
from ptyspec.files.disk import existing_file

MAX_LINKS = 16
ILLUMINATION = "entry_1/instrument_1/source_1/illumination"
DAMAGE = (OSError, RuntimeError, ValueError, TypeError, KeyError, MemoryError)
"""What h5py raises for damaged bytes, unknown kinds of link, missing filters and absurd sizes."""


class Hdf5File:
    """An open HDF5 file whose datasets are found by path.

    Every failure is an InputFileError that names the file and the key.
    """

    def __init__(self, path: Path) -> None:
        self.path = existing_file(path)
        try:
            self._file = h5py.File(self.path, "r")
        except OSError as error:
            what = "the file is no HDF5 file, or it is truncated"
            step = "copy the file again; close the program that writes it"
            value = str(error)
            raise InputFileError(what, value=value, source=self.path, next_step=step) from error

    def __enter__(self) -> "Hdf5File":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def source(self, key: str) -> str:
        """Return `file:key`, for messages."""
        return f"{self.path}:{key}"

    def has(self, key: str) -> bool:
        """Tell whether `key` leads to a dataset of this file."""
        return self._find(key) is not None

    def first(self, *keys: str) -> str | None:
        """Return the first of these keys that leads to a dataset."""
        return next((key for key in keys if self.has(key)), None)

    def read(self, key: str) -> Array:
        """Return the whole dataset as an array of numbers or text, never of references."""
        dataset = self._dataset(key)
        with self._readable(key):
            array = np.asarray(dataset[()])
        if array.dtype.hasobject:
            what = "the dataset holds references or text of variable length, and no numbers"
            step = "store the numbers themselves under this key"
            raise self._refusal(key, what, step, value=array.dtype, limit="a plain numeric array")
        return array

    def attribute(self, key: str, name: str) -> object:
        """Return an attribute of the dataset (of the root for ""), text decoded, or None."""
        node = self._dataset(key) if key else self._file
        with self._readable(key or "/"):
            value = node.attrs.get(name)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def _dataset(self, key: str) -> h5py.Dataset:
        dataset = self._find(key)
        if dataset is None:
            step = "see docs/file-formats.md for the required keys"
            raise InputFileError(f"the file lacks {key}", source=self.path, next_step=step)
        return dataset

    def _find(self, key: str) -> h5py.Dataset | None:
        """Walk the path link by link, so that no link is followed before it was looked at."""
        with self._readable(key):
            node: h5py.Group | h5py.Dataset = self._file
            names, links = _names(key), 0
            while names:
                name = names.pop(0)
                if (
                    not isinstance(node, h5py.Group)
                    or (link := node.get(name, getlink=True)) is None
                ):
                    return None
                if isinstance(link, h5py.ExternalLink):
                    raise self._outside(key, link.filename)
                if isinstance(link, h5py.SoftLink):
                    links += 1
                    if links > MAX_LINKS:
                        limit, step = (
                            f"{MAX_LINKS} links",
                            "store the dataset itself under this key",
                        )
                        raise self._refusal(key, "soft links lead in a circle", step, limit=limit)
                    names = [*_names(link.path), *names]
                    node = self._file if link.path.startswith("/") else node
                else:
                    node = node[name]
            return self._inside(key, node) if isinstance(node, h5py.Dataset) else None

    def _inside(self, key: str, dataset: h5py.Dataset) -> h5py.Dataset:
        """Refuse a dataset whose bytes lie elsewhere.

        A virtual dataset is refused even if each of its sources names this file ("."): behind that
        name can be an external link or a further virtual dataset, which HDF5 follows by itself,
        and one that leads back to itself ends the process by a signal.
        """
        if dataset.external:
            raise self._outside(key, dataset.external[0][0])
        if dataset.is_virtual:
            parts = [f"{part.file_name}:{part.dset_name}" for part in dataset.virtual_sources()]
            other = "its data lie in other datasets, which are not followed"
            copied = f"new[{key!r}] = old[{key!r}][()]"
            step = f"copy the data with h5py where you trust them: {copied}"
            value, limit = parts[0] if parts else "no source", "data stored under the key itself"
            raise self._refusal(key, f"this is a virtual dataset: {other}", step, value, limit)
        return dataset

    def _outside(self, key: str, target: object) -> InputFileError:
        what = "the data lie in another file; links that leave the file are not followed"
        step = "copy the data into one file: h5copy, or h5repack --merge"
        return self._refusal(key, what, step, value=target, limit="one file")

    def _refusal(
        self, key: str, what: str, step: str, value: object = None, limit: object = None
    ) -> InputFileError:
        source = self.source(key)
        return InputFileError(what, value=value, limit=limit, source=source, next_step=step)

    @contextmanager
    def _readable(self, key: str) -> Iterator[None]:
        try:
            yield
        except DAMAGE as error:
            why = "damaged, or compressed with a filter that is not installed"
            step = "copy the file again, or repack it: h5repack -f GZIP=4 old.h5 new.h5"
            what = f"the dataset cannot be read: {why}"
            raise self._refusal(key, what, step, value=str(error)) from error


def _names(path: str) -> list[str]:
    return [name for name in PurePosixPath(path).parts if not name.startswith("/")]
