"""golden/manifest.json: what was approved, where it was made, by which case and why; and what is wrong with a folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

import ptyspec
from ptyspec.contracts.base import Record
from ptyspec.errors import PtyspecError
from ptyspec.files.files import sha256_of
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.testing.golden.names import NAME, collisions, patterns_in
from ptyspec.testing.golden.tolerance import GoldenError, Tolerance

MANIFEST = "manifest.json"
LARGEST_FILE = 100_000
"""Bytes; a golden file is reviewed and kept for ever."""


class Entry(Record):
    """One approved file; who approved it is known to git."""

    sha256: str
    environment: str
    producer: str
    reason: str
    tolerances: dict[str, Tolerance] = Field(default_factory=dict)
    """Of the arrays of an NPZ file; a JSON file carries its own."""


class Manifest(Record):
    """golden/manifest.json: every approved file by its name."""

    schema_version: Literal[1] = 1
    files: dict[str, Entry] = Field(default_factory=dict)


def repository() -> Path:
    """Return the checkout that this package runs from."""
    return Path(ptyspec.__file__).parent.parent


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Return the entries of a golden folder's manifest, none where there is no file; raises GoldenError."""
    if not (folder / MANIFEST).is_file():
        return {}
    try:
        return Manifest.model_validate(read_json(folder / MANIFEST)).files
    except ValidationError as error:
        first = error.errors()[0]
        where = ": ".join(str(part) for part in first["loc"][1:])
        message = "an entry of the manifest is not complete"
        raise GoldenError(message, value=first["msg"], source=f"{folder}: {where}") from None


def write_manifest(folder: Path, entries: Mapping[str, Entry]) -> None:
    """Write a golden folder's manifest, sorted by name."""
    rows = {name: entries[name].model_dump(exclude_defaults=True) for name in sorted(entries)}
    write_json(folder / MANIFEST, {**Manifest().model_dump(), "files": rows})


def approved(folder: Path, name: str) -> Entry | None:
    """Return the entry of a golden file, None where there is neither; GoldenError where the file is not what it says."""
    entry = read_manifest(folder).get(name)
    path = folder / name
    if entry is None and not path.is_file():
        return None
    wrong = _wrong(path, entry)
    if wrong:
        raise GoldenError(
            f"golden file {name} {wrong}",
            source=folder,
            limit="what `ptyspec golden approve` wrote",
            next_step="git checkout it, or propose and approve it",
        )
    return entry


def problems(root: Path | None = None, declared: Collection[str] | None = None) -> list[str]:
    """Return what is wrong with the golden files below `root` (default: this checkout), one line each, sorted.

    `declared` are the names that the collected cases declare; without it the markers in the tests'
    source are read, where a {parameter} fits any text.
    """
    where = root or repository()
    folder = where / "golden"
    try:
        entries = read_manifest(folder)
    except PtyspecError as error:
        return [str(error).replace("\n", ";")]
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    here = {*files} - {MANIFEST}
    known = here | {*entries}
    told = {
        "not a name of a golden file": {name for name in here if not NAME.fullmatch(name)},
        "names that could be taken for one another": {
            " and ".join(group) for group in collisions(here)
        },
        "no case reads it": known - _read(known, where / "tests", declared),
        "a case declares it and it is not there": {*(declared or ())} - known,
    }
    lines = [f"{name}: {what}" for what, names in told.items() for name in names]
    for name in known:
        lines += [f"{name}: {text}" for text in _problems_of(folder / name, entries.get(name))]
    return sorted(lines)


def _read(names: Collection[str], tests: Path, declared: Collection[str] | None) -> set[str]:
    if declared is not None:
        return set(names) & set(declared)
    patterns = patterns_in(tests)
    return {name for name in names if any(re.fullmatch(pattern, name) for pattern in patterns)}


def _problems_of(path: Path, entry: Entry | None) -> Iterator[str]:
    wrong = _wrong(path, entry)
    if wrong:
        yield wrong
    if entry is not None:
        for what in ("environment", "producer", "reason"):
            if not getattr(entry, what).strip():
                yield f"its entry has no {what}"
    if path.is_file():
        if path.stat().st_size > LARGEST_FILE:
            yield f"{path.stat().st_size} bytes, more than {LARGEST_FILE}"
        yield from _without_tolerance(path, entry)


def _wrong(path: Path, entry: Entry | None) -> str:
    if entry is None:
        return "has no entry in the manifest"
    if not path.is_file():
        return "is in the manifest and not in the folder"
    same = sha256_of(path) == entry.sha256
    return "" if same else "was changed without approval (another sha256)"


def _without_tolerance(path: Path, entry: Entry | None) -> Iterator[str]:
    from ptyspec.testing.golden.content import read_arrays, read_numbers

    try:
        if path.suffix == ".json":
            read_numbers(path)
        elif path.suffix == ".npz" and entry and {*read_arrays(path)} != {*entry.tolerances}:
            yield "its arrays and the tolerances of its entry do not fit"
    except (PtyspecError, ValueError, OSError) as error:
        yield " ".join(str(error).split())
