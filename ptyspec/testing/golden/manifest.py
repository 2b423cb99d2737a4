"""golden/manifest.json: what was approved, where it was made, by which case and why; and what is wrong with a folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from ptyspec.contracts.base import Record
from ptyspec.errors import PtyspecError
from ptyspec.files.disk import sha256_of
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.testing.golden.content import read
from ptyspec.testing.golden.tolerance import GoldenError, Tolerance

MANIFEST = "manifest.json"
LARGEST_FILE = 100_000
"""Bytes; a golden file is reviewed and kept for ever."""
Words = Annotated[str, Field(pattern=r"\S")]


class Entry(Record):
    """One approved file; who approved it is known to git."""

    sha256: str
    environment: Words
    producer: Words
    reason: Words
    tolerances: dict[str, Tolerance] = Field(default_factory=dict)
    """Of the arrays of an NPZ file; a JSON file carries its own."""


class Manifest(Record):
    """golden/manifest.json: every approved file by its name."""

    schema_version: Literal[1] = 1
    files: dict[str, Entry] = Field(default_factory=dict)


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


def problems(root: Path, declared: Collection[str]) -> list[str]:
    """Return what is wrong with the golden files below `root`, one line each, sorted.

    `declared` are the names that the collected cases declare.
    """
    folder = root / "golden"
    try:
        entries = read_manifest(folder)
    except PtyspecError as error:
        return [str(error).replace("\n", ";")]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    known = files - {MANIFEST} | {*entries}
    lines = [f"{name}: no case reads it" for name in known - _read(known, declared)]
    lines += [f"{name}: a case declares it and it is not there" for name in {*declared} - known]
    for name in known:
        lines += [f"{name}: {text}" for text in _problems_of(folder / name, entries.get(name))]
    return sorted(lines)


def _read(names: Collection[str], declared: Collection[str]) -> set[str]:
    return set(names) & set(declared)


def _problems_of(path: Path, entry: Entry | None) -> Iterator[str]:
    if wrong := _wrong(path, entry):
        yield wrong
    if not path.is_file():
        return
    if path.stat().st_size > LARGEST_FILE:
        yield f"{path.stat().st_size} bytes, more than {LARGEST_FILE}"
    try:
        content = read(path, entry.tolerances if entry else {})
        if entry and {*content.values} != {*content.tolerances}:
            yield "its arrays and the tolerances of its entry do not fit"
    except (PtyspecError, ValueError, OSError) as error:
        yield " ".join(str(error).split())


def _wrong(path: Path, entry: Entry | None) -> str:
    if entry is None:
        return "has no entry in the manifest"
    if not path.is_file():
        return "is in the manifest and not in the folder"
    same = sha256_of(path) == entry.sha256
    return "" if same else "was changed without approval (another sha256)"
