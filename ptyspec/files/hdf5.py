"""HDF5, read-only, and only what lies in the file itself, or in the folder that the user names (FILE-005).

Soft links inside the file are followed. Everything through which HDF5 itself would open another
place is refused before it is opened: external links, external storage and virtual datasets. With a
folder for links, this reader opens what external links and virtual datasets name, HDF5 never does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import h5py
import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import InputFileError
from ptyspec.extras import require
from ptyspec.files.disk import existing_file, sha256_of
from ptyspec.files.large import stored_values

MATLAB = b"MATLAB 7.3 MAT-file"
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

    `links`: the folder in which linked files may lie; without it no link out of the file is followed.
    Every failure is an InputFileError that names the file and the key.
    """

    def __init__(self, path: Path, links: Path | None = None) -> None:
        self.path = existing_file(path)
        if links is not None and not links.is_dir():
            what, step = "this is no folder", "name the folder that holds the linked files"
            raise InputFileError(what, value=links, source="--links", next_step=step)
        self.links = None if links is None else links.resolve()
        self._open = {self.path.resolve(): self}
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
        for one in self._open.values():
            one._file.close()

    @property
    def linked(self) -> dict[str, str]:
        """SHA-256 of each further file that was opened, by its path below the folder of the links."""
        others = (path for path, one in self._open.items() if one is not self)
        return {str(path.relative_to(self.links or path)): sha256_of(path) for path in others}

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

    def names(self, key: str = "", *, own: bool = False) -> list[str]:
        """Return the names below a group, none where there is no such group; `own`: no link to another file."""
        node = self._node(key)
        with self._readable(key or "/"):
            if not isinstance(node, h5py.Group):
                return []
            links = {name: node.get(name, getlink=True) for name in node}
        without = h5py.ExternalLink if own else ()
        return [name for name, link in links.items() if not isinstance(link, without)]

    def is_virtual(self, key: str) -> bool:
        """Tell whether `key` is a dataset whose data lie in other datasets."""
        node = self._node(key)
        with self._readable(key):
            return isinstance(node, h5py.Dataset) and bool(node.is_virtual)

    def stored(self) -> list[Stored]:
        """Return every dataset that lies in the file itself, by hard links alone, breadth first.

        With a folder for links also the datasets that external links lead to, and virtual ones.
        """
        out, groups, seen = list[Stored](), [""], 0
        with self._readable("/"):
            while groups and seen < MOST_NODES:
                group = self._file[groups.pop(0) or "/"]
                for name in group:
                    seen += 1
                    key = f"{group.name.rstrip('/')}/{name}"
                    link = group.get(name, getlink=True)
                    hard = isinstance(link, h5py.HardLink)
                    if not hard and (self.links is None or not isinstance(link, h5py.ExternalLink)):
                        continue
                    node = group[name] if hard else self._node(key)
                    if isinstance(node, h5py.Dataset) and (self.links or not node.is_virtual):
                        out.append(Stored(key.lstrip("/"), _shape(node), node.dtype))
                    elif isinstance(node, h5py.Group) and hard:
                        groups.append(key)
        return out

    def read(self, key: str) -> Array:
        """Return the whole dataset as an array of numbers or text, never of references."""
        dataset = self._dataset(key)
        with self._readable(key):
            if dataset.dtype.hasobject:
                what = "the dataset holds references or text of variable length, and no numbers"
                step, limit = "store the numbers themselves under this key", "a plain numeric array"
                raise self._refusal(key, what, step, value=dataset.dtype, limit=limit)
            if dataset.is_virtual:
                array = self._assembled(key, dataset)
            else:
                self._load_filters(key, dataset)
                array = stored_values(dataset)
        if array.dtype.names == ("real", "imag"):  # complex numbers, as MATLAB stores them
            return np.asarray(array["real"] + 1j * array["imag"])
        return array

    def image(self, key: str) -> Array:
        """Return a dataset that ends with rows and columns; MATLAB, which keeps axes in reverse, has them exchanged."""
        array = self.read(key)
        return np.ascontiguousarray(np.swapaxes(array, -1, -2)) if self.by_matlab(key) else array

    def by_matlab(self, key: str) -> bool:
        """Tell whether MATLAB wrote this dataset: by the file's first bytes, or by the class it notes."""
        with self.path.open("rb") as file:
            head = file.read(len(MATLAB))
        return head == MATLAB or self.attribute(key, "MATLAB_class") is not None

    def text(self, key: str) -> str:
        """Return a dataset that is one text, of fixed or variable length; "" for anything else."""
        dataset = self._dataset(key)
        with self._readable(key):
            value = dataset[()] if not dataset.is_virtual and dataset.size == 1 else b""
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

    def _load_filters(self, key: str, dataset: h5py.Dataset) -> None:
        """Load hdf5plugin if the dataset is compressed by a filter that HDF5 lacks.

        Raises MissingPackageError where hdf5plugin is not installed.
        """
        plist = dataset.id.get_create_plist()
        filters = [plist.get_filter(place) for place in range(plist.get_nfilters())]
        unknown = {code: name for code, _, _, name in filters if not h5py.h5z.filter_avail(code)}
        if unknown:
            names = ", ".join(
                name.decode("utf-8", "replace").partition(";")[0] or str(code)
                for code, name in unknown.items()
            )
            require("compressed", f"{self.source(key)}, compressed by {names},", "hdf5plugin")
            import_module("hdf5plugin")  # registers its filters

    def _assembled(self, key: str, dataset: h5py.Dataset) -> Array:
        """Put a virtual dataset together; its sources are found link by link, and are stored as they are."""
        plist = dataset.id.get_create_plist()
        owner = self._open[Path(dataset.file.filename).resolve()]
        parts = list[tuple[Any, Any, Any]]()
        for place, part in enumerate(dataset.virtual_sources()):
            into, outof = plist.get_virtual_vspace(place), plist.get_virtual_srcspace(place)
            file = owner if part.file_name == "." else owner._beside(key, part.file_name)
            source = file._dataset(part.dset_name)
            if not source.is_virtual:
                outof = _selection(outof, source.shape)
            size = into.get_select_npoints()
            if (
                source.is_virtual
                or size > np.prod(into.shape)
                or outof.get_select_npoints() != size
            ):
                what = "this virtual dataset is none of a fixed size made of stored datasets"
                value = f"{part.file_name}:{part.dset_name}"
                step = "copy the data into one dataset with h5py"
                raise self._refusal(key, what, step, value, f"{size} stored numbers")
            file._load_filters(part.dset_name, source)
            parts.append((source, into, outof))
        out = np.full(_shape(dataset), dataset.fillvalue, dataset.dtype)
        for source, into, outof in parts:
            source.id.read(into, outof, out)
        return out

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

    def _node(self, key: str, links: int = 0) -> h5py.Group | h5py.Dataset | None:
        """Walk the path link by link, so that no link is followed before it was looked at; `links`: those before it."""
        with self._readable(key):
            node: h5py.Group | h5py.Dataset = self._file
            names = _names(key)
            while names:
                name = names.pop(0)
                if (
                    not isinstance(node, h5py.Group)
                    or (link := node.get(name, getlink=True)) is None
                ):
                    return None
                if isinstance(link, h5py.HardLink):
                    node = node[name]
                    continue
                links += 1
                if links > MAX_LINKS:
                    limit, step = f"{MAX_LINKS} links", "store the dataset itself under this key"
                    raise self._refusal(key, "links lead in a circle", step, limit=limit)
                if isinstance(link, h5py.ExternalLink):
                    rest = "/".join([link.path, *names])
                    return self._beside(key, link.filename)._node(rest, links)
                names = [*_names(link.path), *names]
                node = self._file if link.path.startswith("/") else node
            return node

    def _inside(self, key: str, dataset: h5py.Dataset) -> h5py.Dataset:
        """Refuse a dataset whose bytes lie elsewhere.

        A virtual dataset is refused even if each of its sources names this file ("."): behind that
        name can be an external link or a further virtual dataset, which HDF5 follows by itself,
        and one that leads back to itself ends the process by a signal. With a folder for links it is
        put together here. External storage has no format that tells a stranger's bytes from data.
        """
        if dataset.external:
            raise self._outside(key, dataset.external[0][0])
        if dataset.is_virtual and self.links is None:
            parts = [f"{part.file_name}:{part.dset_name}" for part in dataset.virtual_sources()]
            other = "its data lie in other datasets, which are not followed"
            copied = f"new[{key!r}] = old[{key!r}][()]"
            step = f"pass `--links FOLDER` if its sources lie there, or copy the data with h5py: {copied}"
            value, limit = parts[0] if parts else "no source", "data stored under the key itself"
            raise self._refusal(key, f"this is a virtual dataset: {other}", step, value, limit)
        return dataset

    def _beside(self, key: str, name: str) -> "Hdf5File":
        """Return the file that a link names, open, if it lies in the folder of the links when every link of its path is resolved."""
        if self.links is None:
            raise self._outside(key, name)
        path = (self.path.resolve().parent / name).resolve()
        if not path.is_relative_to(self.links):
            what, step = "a link leads out of the folder of the links", "copy the file into it"
            raise self._refusal(key, what, step, value=path, limit=self.links)
        if path not in self._open:
            if not path.is_file():
                what, step = "the file that a link names is not there", "copy it to this place"
                raise self._refusal(key, what, step, value=path, limit="a file")
            self._open[path] = Hdf5File(path, self.links)
            self._open[path]._open = self._open
        return self._open[path]

    def _outside(self, key: str, target: object) -> InputFileError:
        what = "the data lie in another file; links that leave the file are not followed"
        step = "pass `--links FOLDER` if it lies there, or copy the data into one file: h5copy"
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


def _shape(dataset: h5py.Dataset) -> tuple[int, ...]:
    """Its shape; that of a virtual dataset as it was made, because HDF5 would ask its sources."""
    if dataset.is_virtual:
        return tuple(dataset.id.get_create_plist().get_virtual_vspace(0).shape)
    return tuple(dataset.shape or ())


def _selection(space: Any, shape: tuple[int, ...]) -> Any:
    """A selection as a virtual dataset keeps it, whose extent ends where it ends, in a dataset of this shape."""
    if space.get_select_type() == h5py.h5s.SEL_ALL:
        return h5py.h5s.create_simple(shape)
    last = space.get_select_bounds()[1]
    if len(last) == len(shape) and all(at < side for at, side in zip(last, shape, strict=True)):
        space.set_extent_simple(shape)
    else:
        space.select_none()
    return space
