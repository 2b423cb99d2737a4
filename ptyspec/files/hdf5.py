"""HDF5 read-only, inside one file: links that leave the file are refused, links inside it are followed."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from types import TracebackType

import h5py
import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.errors import InputFileError
from ptyspec.files.files import existing_file

MAX_LINKS = 16
ILLUMINATION = "entry_1/instrument_1/source_1/illumination"


class Hdf5File:
    """An open HDF5 file whose datasets are found by path. Every failure is an InputFileError naming file and key."""

    def __init__(self, path: Path) -> None:
        self.path = existing_file(path)
        try:
            self._file = h5py.File(self.path, "r")
        except OSError as error:
            raise InputFileError(
                "the file is no HDF5 file, or it is truncated",
                value=str(error),
                source=self.path,
                next_step="copy the file again; close the program that writes it",
            ) from error

    def __enter__(self) -> Hdf5File:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
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

    def shape(self, key: str) -> tuple[int, ...]:
        """Return the shape of the dataset."""
        return tuple(int(n) for n in self._dataset(key).shape)

    def read(self, key: str) -> Array:
        """Return the whole dataset as an array."""
        dataset = self._dataset(key)
        try:
            return np.asarray(dataset[()])
        except (
            OSError,
            MemoryError,
        ) as error:  # damaged chunk, missing compression filter, too large
            raise InputFileError(
                "the dataset cannot be read: damaged, or compressed with a filter that is not installed",
                value=str(error),
                source=self.source(key),
                next_step="copy the file again, or repack it: h5repack -f GZIP=4 old.h5 new.h5",
            ) from error

    def attribute(self, key: str, name: str) -> object:
        """Return an attribute of the dataset, text decoded, or None."""
        value = self._dataset(key).attrs.get(name)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def root_attributes(self) -> dict[str, object]:
        """Return the attributes of the file's root."""
        return dict(self._file.attrs)

    def _dataset(self, key: str) -> h5py.Dataset:
        found = self._find(key)
        if found is None:
            raise InputFileError(
                f"the file lacks {key}",
                source=self.path,
                next_step="see docs/file-formats.md for the required keys",
            )
        return found

    def _find(self, key: str) -> h5py.Dataset | None:
        """Walk the path link by link, so that no link is followed before it was looked at."""
        node: h5py.Group | h5py.Dataset = self._file
        parts = list(PurePosixPath("/", key).parts[1:])
        links = 0
        while parts:
            name = parts.pop(0)
            if not isinstance(node, h5py.Group) or (link := node.get(name, getlink=True)) is None:
                return None
            if isinstance(link, h5py.ExternalLink):
                raise self._outside(key, link.filename)
            if isinstance(link, h5py.SoftLink):
                links += 1
                if links > MAX_LINKS:
                    raise InputFileError(
                        "soft links lead in a circle", value=key, limit=MAX_LINKS, source=self.path
                    )
                target = PurePosixPath(link.path)
                parts = [*(p for p in target.parts if p != "/"), *parts]
                node = self._file if target.is_absolute() else node
            else:
                node = node[name]
        return self._inside(key, node) if isinstance(node, h5py.Dataset) else None

    def _inside(self, key: str, dataset: h5py.Dataset) -> h5py.Dataset:
        if dataset.external:
            raise self._outside(key, dataset.external[0][0])
        if dataset.is_virtual:
            for part in dataset.virtual_sources():
                if part.file_name != ".":
                    raise self._outside(key, part.file_name)
        return dataset

    def _outside(self, key: str, target: object) -> InputFileError:
        return InputFileError(
            "the data lie in another file; links that leave the file are not followed",
            value=target,
            limit="one file",
            source=self.source(key),
            next_step="copy the data into one file: h5copy, or h5repack --merge",
        )
