"""The checker of summaries: every number in a Markdown file is re-read from the JSON field that it points to."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from ptyspec.audits.shown import lookup, show
from ptyspec.errors import InputFileError
from ptyspec.io.jsonfile import read_json
from ptyspec.report.text import escape

LINK = re.compile(r'\[((?:[^\[\]\\]|\\.)*)\]\(([^()#\s]+\.json)#(\S*?) "([^"]*)"\)')
BARE = re.compile(r"^[-+–]?[\d.,]*\d(?:e[-+]?\d+)?(?:\s*(?:px|%|rad))?$")


def problems(folder: Path) -> list[str]:
    """Return what is wrong with the numbers of every Markdown file below `folder`, one line each.

    A number in a table that is no link; a link whose file or field is not there; a text that is not what the field
    holds, in the format that the link states.
    """
    found = []
    for path in sorted(folder.rglob("*.md")):
        for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found += [f"{path.relative_to(folder)}:{at}: {what}" for what in _line(path.parent, line)]
    return found


def _line(folder: Path, line: str) -> list[str]:
    wrong = []
    for text, file, place, form in LINK.findall(line):
        try:
            value = lookup(read_json(folder / file), unquote(place))
        except InputFileError as error:
            wrong.append(f"{text}: {file}#{place}: {error.message}")
            continue
        expected = escape(show(value, form), 400)
        if text != expected:
            wrong.append(f"{text}: {file}#{place} holds {expected}")
    if line.startswith("|"):
        cells = (cell.strip() for cell in LINK.sub("", line).strip("|").split("|"))
        wrong += [f"{cell}: a number without a pointer" for cell in cells if BARE.match(cell)]
    return wrong
