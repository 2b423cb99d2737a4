"""Numbers by reference: what a page shows is a link to the field of a JSON file that holds it, never a copy.

`problems` re-reads every number of the Markdown files of a folder from the field that it points to.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_json
from ptyspec.render.table import FORM, LONG, Mark, escape, show

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
            what = "a JSON pointer names nothing"
            raise InputFileError(
                what, value=place, limit=f"{part} is not there", next_step="run the audit again"
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


ANY_LINK = re.compile(r"\]\(([^()#\s]+)(#\S*)?[^()]*\)")
FIGURE = r"[-+–−~≈<>≤≥]*\s*\d[\d.,]*(?:e[-+]?\d+)?"
BARE = re.compile(
    rf"^{FIGURE}(?:\s*(?:to|of|/|±|–|-|x|×|;|,|\()\s*{FIGURE}\)?)*\s*(?:[A-Za-zµ%°²Å]{{1,12}})?$"
)
"""What a cell is that is nothing but numbers, with or without a unit."""


def problems(folder: Path) -> list[str]:
    """Return what is wrong with the summaries below `folder`, one line each.

    A number in a table that is no link; a link whose file or field is not there; a text that is not what the field
    holds, in the format that the link states; a link that states none. What is being written (a folder with a leading
    dot) is left out. Raises InputFileError where there is no summary at all.
    """
    pages = [
        path
        for path in sorted(folder.rglob("*.md"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not pages:
        problem = "the folder holds no summary"
        step = "name what `ptyspec audit ... --out` printed"
        raise InputFileError(problem, value=folder, limit="KIND.md or index.md", next_step=step)
    content = cache(read_json)
    return [
        f"{path.relative_to(folder)}:{at}: {what}"
        for path in pages
        for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for what in _line(path.parent, line, content)
    ]


def _line(folder: Path, line: str, content: Any) -> Iterator[str]:
    links = LINK.findall(line)
    for text, file, place, form in links:
        try:
            value = lookup(content(folder / file), unquote(place))
        except InputFileError as error:
            yield f"{text}: {file}#{place}: {error.message}"
            continue
        expected = escape(show(value, form), LONG)
        if text != expected:
            yield f"{text}: {file}#{place} holds {expected}"
    targets = ANY_LINK.findall(line)
    if len(links) != sum(1 for file, place in targets if file.endswith(".json") and place):
        yield "a link into a JSON file states no format"
    for file, _ in targets:
        if "://" not in file and not (folder / unquote(file)).exists():
            yield f"{file}: there is no such file"
    if line.startswith("|"):
        yield from _cells(line, [set(unquote(place).split("/")) for _, _, place, _ in links])


def _cells(line: str, keys: list[set[str]]) -> Iterator[str]:
    """Bare numbers of a row; before its first link a label may be one, where all pointers of the row hold it as a key."""
    labels = LINK.sub("\0", line).strip().strip("|").partition("\0")[0].count("|") if keys else 0
    common = set.intersection(*keys) if keys else set()
    cells = [
        re.sub(r"[*`\\]", "", cell).strip()
        for cell in LINK.sub("", line).strip().strip("|").split("|")
    ]
    for at, cell in enumerate(cells):
        if BARE.match(cell) and not (at < labels and cell in common):
            yield f"{cell}: a number without a pointer"
