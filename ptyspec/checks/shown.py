"""Numbers by reference: a cell of a table is a pointer into the audit's JSON and a format, never a copy of a value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ptyspec.errors import InputFileError

DEFAULT_FORM = ".4g"


@dataclass(frozen=True)
class Ref:
    """A value of the audit's `data`, by JSON pointer (RFC 6901, from the document's root), and how it is shown."""

    pointer: str
    form: str = DEFAULT_FORM


Cell = str | Ref
"""Text, or a value by reference."""


def pointer(*parts: object) -> str:
    """Return the pointer to data[parts[0]][parts[1]]...: keys may hold any character."""
    return "/data" + "".join(
        f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts
    )


def ref(*parts: object, form: str = DEFAULT_FORM) -> Ref:
    """Return a reference to data[parts[0]][parts[1]]..."""
    return Ref(pointer(*parts), form)


def lookup(document: Any, place: str) -> Any:
    """Return what a pointer names in a JSON document; raises InputFileError where it names nothing."""
    found = document
    for part in place.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            found = (
                found[int(key)]
                if isinstance(found, Sequence) and not isinstance(found, str)
                else found[key]
            )
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


def link(text: str, file: str, place: str, form: str = DEFAULT_FORM) -> str:
    """Return `text` (escaped) as a Markdown link to a field of a JSON file; `form` is how the field was shown."""
    return f'[{text}]({file}#{quote(place, safe="/~:,@+=_.-")} "{form}")'


def show(value: Any, form: str = DEFAULT_FORM) -> str:
    """Return a JSON value as text; a dash stands for a value that is missing."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return format(value, form) if form.endswith("%") else f"{value:,}"
    if isinstance(value, float):
        return format(value, form)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {show(part, form)}" for key, part in value.items())
    if isinstance(value, str):
        return value
    return ", ".join(show(part, form) for part in value)
