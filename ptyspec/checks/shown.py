"""Numbers by reference: a cell of a table is a pointer into the audit's JSON and a format, never a copy of a value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ptyspec.errors import InputFileError
from ptyspec.render.table import FORM, Mark


@dataclass(frozen=True)
class Ref:
    """A value of the audit's `data`, by JSON pointer (RFC 6901, from the document's root), and how it is shown."""

    pointer: str
    form: str = FORM


Cell = str | Ref
"""Text, or a value by reference."""


def pointer(*parts: object) -> str:
    """Return the pointer to data[parts[0]][parts[1]]...: keys may hold any character."""
    return "/data" + "".join(
        f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts
    )


def ref(*parts: object, form: str = FORM) -> Ref:
    """Return a reference to data[parts[0]][parts[1]]..."""
    return Ref(pointer(*parts), form)


def lookup(document: Any, place: str) -> Any:
    """Return what a pointer names in a JSON document; raises InputFileError where it names nothing."""
    found = document
    for part in place.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        rows = isinstance(found, Sequence) and not isinstance(found, str)
        try:
            found = found[int(key) if rows else key]
        except (KeyError, IndexError, ValueError, TypeError):
            raise InputFileError(
                "a JSON pointer names nothing",
                value=place,
                limit=f"{part} is not there",
                next_step="run the audit again",
            ) from None
    return found


def plain(value: Any) -> Any:
    """Return a value as a JSON file gives it back: lists for tuples and arrays, text for keys, None for NaN and infinity.

    Raises TypeError for what JSON does not know.
    """
    if hasattr(value, "tolist"):  # a numpy scalar or array, without importing numpy
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(part) for part in value]
    raise TypeError(f"{type(value).__name__} is not a JSON value: {value!r:.80}")


def address(file: str, place: str) -> str:
    """Return the link to a field of a JSON file."""
    return f"{file}#{quote(place, safe='/~:,@+=_.-')}"


def field(document: Any, pointer: str, form: str = FORM, file: str = "") -> Mark:
    """Return a value by reference; with `file`, as a link to where it stands, whose title is the format."""
    link = address(file, pointer) if file else ""
    return Mark(lookup(document, pointer), link=link, hint=form, form=form)
