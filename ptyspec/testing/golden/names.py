"""Names of golden files: which case declares which file, and what may be a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from ptyspec.testing.golden.tolerance import GoldenError

NAME = re.compile(r"(?:[a-z0-9][a-z0-9_-]*/)+[a-z0-9][a-z0-9_.-]*\.(?:json|npz)")
MARKER = "golden"
MARKED = re.compile(r"""["']([\w{}./-]+/[\w{}./-]+\.(?:json|npz))["']""")
"""A text in a test's source that may name golden files."""


def check_name(name: str) -> str:
    """Return `name` if it may name a golden file, e.g. `objects/lines-96.json`; GoldenError otherwise."""
    if NAME.fullmatch(name) is None:
        raise GoldenError(
            "not a name of a golden file",
            value=name,
            limit="FOLDER/NAME.json or .npz; letters a-z, digits, - _ .",
            next_step="the text in braces of a golden marker is filled from the case's parameters: give them plain ids",
        )
    return name


def declared_by(item: pytest.Item) -> tuple[str, ...]:
    """Return the golden files that a case declares: its markers' texts, {parameter} filled from its parameters."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    texts = [text for mark in item.iter_markers(MARKER) for text in mark.args]
    try:
        return tuple(dict.fromkeys(check_name(text.format(**parameters)) for text in texts))
    except (KeyError, IndexError) as error:
        raise GoldenError(
            "a golden marker names a parameter that its case does not have",
            value=", ".join(texts),
            limit=", ".join(parameters) or "no parameters",
            source=item.nodeid,
        ) from error


def collisions(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the groups of names that a file system or a sanitiser could take for one another."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(re.sub(r"[\W_]+", "_", name).lower(), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def patterns_in(folder: Path) -> list[re.Pattern[str]]:
    """Return what the golden markers in a folder of tests can name, read from the source: {parameter} is any text.

    Quick and without importing a test; `ptyspec golden check` collects instead, and so knows the names exactly.
    """
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")))
    names = {name for text in texts if f"mark.{MARKER}(" in text for name in MARKED.findall(text)}
    parts = (re.split(r"\{[^}]*\}", name) for name in sorted(names))
    return [re.compile("[^/]+".join(map(re.escape, one))) for one in parts]
