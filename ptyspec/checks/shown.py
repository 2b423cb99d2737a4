"""Numbers by reference: what a page shows is a link to the field of a JSON file that holds it, never a copy."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ptyspec.errors import InputFileError
from ptyspec.render.table import FORM, Mark

LINK = re.compile(r'\[((?:[^\[\]\\]|\\.)*)\]\(([^()#\s]+\.json)#(\S*?) "([^"]*)"\)')
"""A number by reference in Markdown: text, file, JSON pointer (RFC 6901), and the format as the link's title."""


def reference(file: str, value: object, *parts: object, form: str = FORM) -> Mark:
    """Return a value as a link to document[parts[0]][parts[1]]... of a JSON file; keys may hold any character."""
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
    link = f"{file}#{quote(pointer, safe='/~:,@+=_.-')}"
    return Mark(value, link=link, hint=form, form=form)


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
