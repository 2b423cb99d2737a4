"""What the site adds to Sphinx: ids of clauses become links, long names in tables may break, docstrings are plain text."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

from docs.site.api import plain
from docs.site.clauses import FOLDER
from ptyspec.spec.clause import ID, specification

CLAUSE = re.compile(rf"\b({ID})\b")
LONG = re.compile(r"\S{25}")
BREAK = re.compile(r"(?<=[_/])(?=\w)|(?<=::)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register them."""
    app.connect("doctree-resolved", link_clauses)
    app.connect("doctree-resolved", break_names)
    app.connect("autodoc-process-docstring", docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def docstring(
    app: Sphinx, what: str, name: str, found: object, options: object, lines: list[str]
) -> None:
    """Escape a docstring in place."""
    lines[:] = plain(lines)


def link_clauses(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Make every mention of a clause outside headings, links and blocks of code a link."""
    for text in list(tree.findall(nodes.Text)):
        if CLAUSE.search(text) and not _inside(
            text, (nodes.reference, nodes.title, nodes.literal_block, nodes.raw)
        ):
            made = [
                _linked(app, page, part) if i % 2 else nodes.Text(part)
                for i, part in enumerate(_split(text))
            ]
            text.parent.replace(text, [node for node in made if node.astext()])


def break_names(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Let a long name in a cell of a table break after `_`, `/` and `::`: it would push the columns off the page."""
    for text in list(tree.findall(nodes.Text)):
        if LONG.search(text) and _inside(text, (nodes.entry,)) and not _inside(text, (nodes.raw,)):
            parts = BREAK.split(text)
            made = [
                node
                for part in parts
                for node in (nodes.raw("", "<wbr>", format="html"), nodes.Text(part))
            ][1:]
            text.parent.replace(text, made)


def _split(text: str) -> list[str]:
    """Text between and at clauses: every second part is the id of a clause."""
    parts, last = [], 0
    for found in CLAUSE.finditer(text):
        if found[1] in specification():
            parts += [text[last : found.start()], found[1]]
            last = found.end()
    return [*parts, text[last:]]


def _linked(app: Sphinx, page: str, name: str) -> nodes.Node:
    document = specification()[name].document.removesuffix(".md")
    return make_refnode(app.builder, page, f"{FOLDER}/{document}", name.lower(), nodes.Text(name))


def _inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    while node is not None:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False
