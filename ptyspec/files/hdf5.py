"""HDF5, read-only, and only what lies in the file itself (FILE-005).

Soft links inside the file are followed. Everything through which HDF5 itself would open another
place is refused before it is opened: external links, external storage and virtual datasets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import h5py
import numpy as np

from ptyspec.contracts.arrays import BLOCK_BYTES
from ptyspec.contracts.bundles import Array
from ptyspec.errors import InputFileError
from ptyspec.extras import require
from ptyspec.files.disk import existing_file
from ptyspec.files.large import gathered, is_large

MAX_LINKS = 16
MOST_NODES = 20_000
"""Groups and datasets that a search through a whole file looks at."""
ILLUMINATION = "entry_1/instrument_1/source_1/illumination"
DAMAGE = (OSError, RuntimeError, ValueError, TypeError, KeyError, MemoryError)
"""What h5py raises for damaged bytes, unknown kinds of link, missing filters and absurd sizes."""


class Stored(NamedTuple):
    """A dataset that a search met: its path, shape and dtype; nothing of it was read."""

    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


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

    def has_group(self, key: str) -> bool:
        """Tell whether `key` leads to a group of this file."""
        return isinstance(self._node(key), h5py.Group)

    def names(self, key: str = "") -> list[str]:
        """Return the names below a group that lead to no other file; none where there is no such group."""
        node = self._node(key)
        with self._readable(key or "/"):
            if not isinstance(node, h5py.Group):
                return []
            links = {name: node.get(name, getlink=True) for name in node}
        return [name for name, link in links.items() if not isinstance(link, h5py.ExternalLink)]

    def is_virtual(self, key: str) -> bool:
        """Tell whether `key` is a dataset whose data lie in other datasets."""
        node = self._node(key)
        with self._readable(key):
            return isinstance(node, h5py.Dataset) and bool(node.is_virtual)

    def stored(self) -> list[Stored]:
        """Return every dataset that lies in the file itself, by hard links alone, breadth first."""
        out, groups, seen = list[Stored](), [""], 0
        with self._readable("/"):
            while groups and seen < MOST_NODES:
                group = self._file[groups.pop(0) or "/"]
                for name in group:
                    seen += 1
                    key = f"{group.name.rstrip('/')}/{name}"
                    if isinstance(group.get(name, getlink=True), h5py.HardLink):
                        node = group[name]
                        if isinstance(node, h5py.Group):
                            groups.append(key)
                        # The shape of a virtual dataset is asked of other files.
                        elif isinstance(node, h5py.Dataset) and not node.is_virtual:
                            out.append(Stored(key.lstrip("/"), node.shape or (), node.dtype))
        return out

    def read(self, key: str) -> Array:
        """Return the whole dataset as an array of numbers or text, never of references."""
        dataset = self._dataset(key)
        with self._readable(key):
            try:
                array = self._values(dataset)
            except OSError:
                if not self._load_filters(key, dataset):
                    raise
                array = self._values(dataset)
        if array.dtype.names == ("real", "imag"):  # complex numbers, as MATLAB stores them
            return np.asarray(array["real"] + 1j * array["imag"])
        if array.dtype.hasobject:
            what = "the dataset holds references or text of variable length, and no numbers"
            step = "store the numbers themselves under this key"
            raise self._refusal(key, what, step, value=array.dtype, limit="a plain numeric array")
        return array

    def _values(self, dataset: h5py.Dataset) -> Array:
        """The dataset in memory; a large one stays in its file, or goes block by block to one of its own."""
        if not is_large(dataset.nbytes) or dataset.dtype.kind not in "biuf":
            return np.asarray(dataset[()])
        place = dataset.id.get_offset()  # None unless the values lie in the file in one piece
        if place is not None:
            return np.memmap(self.path, dataset.dtype, "r", place, dataset.shape)
        side = (dataset.chunks or (1,))[0]
        rows = max(1, BLOCK_BYTES // (dataset.nbytes // len(dataset)) // side) * side
        parts = (dataset[start : start + rows] for start in range(0, len(dataset), rows))
        return gathered(parts, dataset.shape, dataset.dtype)

    def text(self, key: str) -> str:
        """Return a dataset that is one text, of fixed or variable length; "" for anything else."""
        dataset = self._dataset(key)
        with self._readable(key):
            value = dataset[()] if dataset.size == 1 else b""
        value = value.reshape(-1)[0] if isinstance(value, np.ndarray) else value
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return value if isinstance(value, str) else ""

    def attribute(self, key: str, name: str) -> object:
        """Return an attribute of a dataset or group (of the root for ""), or None.

        Text is decoded; an array of one element is that element.
        """
        node = self._node(key)
        if node is None:
            node = self._dataset(key)  # refuses it by name
        with self._readable(key or "/"):
            value = node.attrs.get(name)
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(-1)[0]
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def _load_filters(self, key: str, dataset: h5py.Dataset) -> bool:
        """Load hdf5plugin if the dataset is compressed by a filter that HDF5 lacks; tell whether all are there now.

        Raises MissingPackageError where hdf5plugin is not installed.
        """
        plist = dataset.id.get_create_plist()
        filters = [plist.get_filter(place) for place in range(plist.get_nfilters())]
        unknown = {code: name for code, _, _, name in filters if not h5py.h5z.filter_avail(code)}
        if not unknown:
            return False
        names = ", ".join(
            name.decode("utf-8", "replace").partition(";")[0] or str(code)
            for code, name in unknown.items()
        )
        require("compressed", f"{self.source(key)}, compressed by {names},", "hdf5plugin")
        import_module("hdf5plugin")  # registers its filters
        return all(h5py.h5z.filter_avail(code) for code in unknown)

    def _dataset(self, key: str) -> h5py.Dataset:
        dataset = self._find(key)
        if dataset is None:
            step = "see docs/file-formats.md for the required keys"
            raise InputFileError(f"the file lacks {key}", source=self.path, next_step=step)
        return dataset

    def _find(self, key: str) -> h5py.Dataset | None:
        node = self._node(key)
        if not isinstance(node, h5py.Dataset):
            return None
        with self._readable(key):
            return self._inside(key, node)

    def _node(self, key: str) -> h5py.Group | h5py.Dataset | None:
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
            return node

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
