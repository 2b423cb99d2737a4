"""Links of the written pages, which are right in the repository, made right in the site."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from ptyspec.errors import PtyspecError

LINK = re.compile(r"(?P<mark>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")
OUTSIDE = re.compile(r"[a-z]+:|#")
"""Another place of the web, or of the same page."""
CLAUSES, SCHEMAS = "reference/clauses", "reference/json.md"


class DanglingLinkError(PtyspecError):
    """A page links to a file that does not exist."""


def relinked(root: Path, path: Path, folder: str) -> str:
    """Return a page's text; `folder` is where it will lie in the site. Raises DanglingLinkError."""
    here = path.parent.relative_to(root).as_posix()
    return "\n".join(
        line if fenced else LINK.sub(lambda found: _link(root, path, here, folder, found), line)
        for line, fenced in lines(path.read_text(encoding="utf-8"))
    )


def lines(text: str) -> Iterator[tuple[str, bool]]:
    """Return each line, and whether it belongs to a code block."""
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r"\s*(```+|~~~+)", line)
        yield line, bool(fence or mark)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip() == fence:
            fence = ""


def _link(root: Path, path: Path, here: str, folder: str, found: re.Match[str]) -> str:
    if OUTSIDE.match(found["target"]):
        return found[0]
    target, _, anchor = found["target"].partition("#")
    target = posixpath.normpath(posixpath.join(here, target))
    if not (root / target).exists():
        raise DanglingLinkError(
            "a link leads nowhere", value=found["target"], source=path, next_step="correct it"
        )
    place = _place(target)
    if place is None:  # source code is no part of the site: its path is told
        return found["text"]
    way = os.path.relpath(place, folder or ".").replace(os.sep, "/")
    return f"{found['mark']}[{found['text']}]({way}{'#' + anchor.lower() if anchor else ''})"


def _place(target: str) -> str | None:
    """Where something of the repository is in the site."""
    if target == "README.md":
        return "index.md"
    if target == "specs":
        return f"{CLAUSES}/index.md"
    if target.startswith("specs/") and target.count("/") == 1 and target.endswith(".md"):
        return f"{CLAUSES}/{target.removeprefix('specs/')}"
    if target == "docs/schemas" or target.startswith("docs/schemas/"):
        return SCHEMAS
    if target.startswith("docs/") and Path(target).suffix in {
        ".md",
        ".png",
        ".svg",
        ".json",
        ".ipynb",
    }:
        return target.removeprefix("docs/")
    return None
