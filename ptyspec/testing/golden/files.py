"""Golden files: values or arrays, each with its tolerance and where that figure comes from; and golden/manifest.json.

The manifest says what was approved, where it was made, by which case and why. `problems` tells what is wrong with a
folder of golden files.
"""

import fnmatch
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, SupportsFloat

import numpy as np
from pydantic import Field, ValidationError
from pydantic import dataclasses as checked

from ptyspec.contracts.base import Record
from ptyspec.errors import PtyspecError
from ptyspec.files.disk import atomic_file, sha256_of
from ptyspec.files.jsonfile import read_json, to_json, write_json

LARGEST_RTOL = 0.1
"""A golden number that may move by a tenth holds nothing to anything."""


class GoldenError(PtyspecError):
    """A golden file, a proposal or a request for one cannot be what it should be."""


@checked.dataclass(frozen=True)
class Tolerance:
    """|observed - golden| <= atol + rtol |golden|, both always given; `source` says how the figures were found.

    Raises GoldenError for a negative or infinite figure, an rtol of a tenth or more, or no source.
    """

    atol: int | float
    rtol: int | float
    source: str

    def __post_init__(self) -> None:
        sound = math.isfinite(self.atol) and self.atol >= 0 <= self.rtol < LARGEST_RTOL
        if not sound or not self.source.strip():
            what = "not a tolerance of a golden value"
            step = "measure what threads and oneDNN move, or derive it; see docs/goldens.md"
            limit = f"finite atol >= 0, 0 <= rtol < {LARGEST_RTOL}, a source"
            raise GoldenError(what, value=self, limit=limit, next_step=step)

    def __str__(self) -> str:
        return f"{self.atol:g} + {self.rtol:g} |golden| ({self.source})"


def tolerances_of(keys: Iterable[str], stated: Mapping[str, Tolerance]) -> dict[str, Tolerance]:
    """Return the tolerance of every key: stated under its name, else under the one pattern (`*`, `?`) that fits.

    Raises GoldenError for a key that nothing fits, or two patterns do: no value has a tolerance by default.
    """
    result = {}
    for key in keys:
        fits = [key] if key in stated else [one for one in stated if fnmatch.fnmatchcase(key, one)]
        if len(fits) != 1:
            raise GoldenError(
                f"{'two tolerances are' if fits else 'no tolerance is'} stated for a golden value",
                value=key,
                limit=f"one of: {', '.join(stated) or 'none stated'}",
                source=", ".join(fits) or None,
                next_step="state atol, rtol and their source for it: there is no default",
            )
        result[key] = stated[fits[0]]
    return result


@dataclass(frozen=True)
class Content:
    """Numbers or arrays, each with its tolerance, and facts that are equal or wrong."""

    values: Mapping[str, Any]
    tolerances: Mapping[str, Tolerance]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One value or fact beside its golden one."""

    key: str
    golden: Any
    observed: Any
    note: str
    """The source of the tolerance, or what is wrong beside the values."""
    off: float | None = None
    allowed: float = 0.0
    agrees: bool = False

    def __str__(self) -> str:
        told = f"{self.key}: observed {self.observed!r}, golden {self.golden!r}"
        if self.off is not None:
            told += f", off by {self.off:.3g}, allowed {self.allowed:.3g}"
        return f"{told} ({self.note})"


def compare(golden: Content, observed: Content) -> Iterator[Row]:
    """Yield a row a key of either; a key that only one has, and a changed tolerance, do not agree.

    Of an array the row says whether it is of the golden one's kind: its elements are left to pytest-regressions.
    """
    for key in {**golden.values, **observed.values}:
        a, b = golden.values.get(key), observed.values.get(key)
        stated, approved = observed.tolerances.get(key), golden.tolerances.get(key)
        if a is None or b is None:
            absent = f"not in the golden file; {stated}" if a is None else "no longer observed"
            yield Row(key, _shown(a), _shown(b), absent)
        elif stated is None or stated != approved:
            told = f"the case states {stated}, approved is {approved or 'no approved tolerance'}"
            yield Row(key, _shown(a), _shown(b), told)
        elif isinstance(b, np.ndarray):
            yield Row(key, _shown(a), _shown(b), "of one kind", agrees=_shown(a) == _shown(b))
        else:
            off, allowed = abs(b - a), stated.atol + stated.rtol * abs(a)
            yield Row(key, a, b, stated.source, off, allowed, off <= allowed)
    for key in {**golden.facts, **observed.facts}:
        a, b = golden.facts.get(key, "absent"), observed.facts.get(key, "absent")
        yield Row(key, a, b, "exact", agrees=a == b and type(a) is type(b))


def limits(observed: Content) -> dict[str, dict[str, float]]:
    """Return the tolerances of arrays as numpy's `isclose` takes them: whole numbers are compared exactly."""
    exact = {key for key, array in observed.values.items() if array.dtype.kind in "biu"}
    return {
        key: {"atol": 0.0, "rtol": 0.0} if key in exact else {"atol": one.atol, "rtol": one.rtol}
        for key, one in observed.tolerances.items()
    }


def steady(golden: Content, observed: Content) -> Content:
    """Return what was observed with the golden value of each that holds: proposed anew, it would wander."""
    held = {
        key: golden.values[key]
        for key, value in observed.values.items()
        for limit in [observed.tolerances[key]]
        if key in golden.values
        and np.shape(golden.values[key]) == np.shape(value)
        and np.allclose(value, golden.values[key], limit.rtol, limit.atol, equal_nan=True)
    }
    return Content({**observed.values, **held}, observed.tolerances, observed.facts)


def _shown(value: Any) -> Any:
    return f"{value.dtype}{list(value.shape)}" if isinstance(value, np.ndarray) else value


def plain(values: Mapping[str, SupportsFloat]) -> dict[str, float]:
    """Return values as Python's numbers; GoldenError for NaN and infinity."""
    numbers = {key: one if type(one) is int else float(one) for key, one in values.items()}
    for key, number in numbers.items():
        if not math.isfinite(number):
            message, next_step = f"golden number {key} is not finite", "record it as a fact: None"
            raise GoldenError(message, value=number, next_step=next_step)
    return numbers


def read(path: Path, tolerances: Mapping[str, Tolerance]) -> Content:
    """Read a golden file; `tolerances` are those of arrays, a JSON file carries its own.

    Raises GoldenError where a number lacks its tolerance.
    """
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            return Content({key: archive[key] for key in archive.files}, tolerances)
    content = read_json(path)
    try:
        rows = {key: dict(row) for key, row in content["numbers"].items()}
        values = {key: row.pop("value") for key, row in rows.items()}
        stated = {key: Tolerance(**row) for key, row in rows.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = "a golden number lacks its value, atol, rtol or source"
        step = "propose and approve the file again"
        raise GoldenError(what, value=error, source=path, next_step=step) from error
    return Content(values, stated, content.get("facts", {}))


def write(path: Path, content: Content) -> None:
    """Write a golden file; equal content gives equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        if path.suffix == ".npz":
            np.savez_compressed(file, allow_pickle=False, **dict(content.values))
            return
        rows = {
            key: {"value": value, **asdict(content.tolerances[key])}
            for key, value in content.values.items()
        }
        facts = {"facts": content.facts} if content.facts else {}
        file.write(to_json({"numbers": rows, **facts}, path.name).encode())


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


def read_approved(path: Path, entry: Entry | None) -> Content:
    """Return the content of a golden file with the tolerances that its entry states."""
    return read(path, entry.tolerances if entry else {})


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
    if wrong := _wrong(path, entry):
        limit, step = (
            "what `ptyspec golden approve` wrote",
            "git checkout it, or propose and approve it",
        )
        raise GoldenError(f"golden file {name} {wrong}", source=folder, limit=limit, next_step=step)
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
        content = read_approved(path, entry)
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
