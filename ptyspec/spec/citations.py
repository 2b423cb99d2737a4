"""What documents and code cite, clause ids and pytest selectors, and which of it does not exist.

A selector rots when a test is renamed; a clause id when a clause is split. Cited ids are looked for in the documents,
the README and the package's sources, selectors in the documents and the README. `AREA-001` is the id of examples.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ptyspec.spec.clause import ID
from ptyspec.spec.collect import Case

CLAUSE_ID = re.compile(rf"(?<![\w-]){ID}(?![\w-])")
SELECTOR = re.compile(
    r"(?<![\w/])(?P<file>tests/[\w/]*test_\w+\.py)(?P<names>(?:::\w+)*)(?P<row>\[[\w.-]+\])?"
)
FOLDER = re.compile(r"pytest (?:-[\w=]+ )*(?P<folder>tests/\w+)/?(?=[\s`]|$)")
MARK = re.compile(r"pytest (?:-[\w=]+ )*-m (?P<tier>\w+)(?=[\s`]|$)")
NO_CLAUSES = frozenset({"SHA-256", "SHA-512"})
EXAMPLES = ("AREA-", "test_area_")
GENERATED = ("docs/seen-red.md",)
"""Pages that quote failures: what they name was true when they were written."""


@dataclass(frozen=True)
class Citation:
    """One mention of something that does not exist."""

    what: str
    kind: str
    """`clause` or `selector`."""
    source: str


def unresolved(root: Path, clauses: Collection[str], cases: Collection[Case]) -> list[Citation]:
    """Return every citation of a clause that no document has, or of a selector that collects nothing."""
    known = _selectors(cases)
    found = []
    for path in _documents(root):
        found += list(_in_file(root, path, clauses, known))
    for path in sorted((root / "ptyspec").rglob("*.py")):
        found += list(_in_file(root, path, clauses, None))
    return found


def _documents(root: Path) -> list[Path]:
    paths = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "specs").rglob("*.md")]
    return sorted(path for path in paths if path.relative_to(root).as_posix() not in GENERATED)


def _in_file(
    root: Path, path: Path, clauses: Collection[str], known: set[str] | None
) -> Iterator[Citation]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        source = f"{path.relative_to(root).as_posix()}:{number}"
        for name in CLAUSE_ID.findall(line):
            if name not in clauses and name not in NO_CLAUSES and not name.startswith(EXAMPLES[0]):
                yield Citation(name, "clause", source)
        if known is not None:
            for selector in _cited(line):
                if selector not in known and EXAMPLES[1] not in selector:
                    yield Citation(selector, "selector", source)


def _cited(line: str) -> Iterator[str]:
    for match in SELECTOR.finditer(line):
        yield f"{match['file']}{match['names']}{match['row'] or ''}"
    for match in FOLDER.finditer(line):
        yield match["folder"]
    for match in MARK.finditer(line):
        yield f"-m {match['tier']}"


def _selectors(cases: Collection[Case]) -> set[str]:
    """Return every selector that collects at least one of the cases."""
    found: set[str] = set()
    for case in cases:
        file, *names = case.function.split("::")
        found |= {case.id, file, *("::".join([file, *names[: n + 1]]) for n in range(len(names)))}
        found |= {parent.as_posix() for parent in Path(file).parents}
        if case.tier:
            found.add(f"-m {case.tier}")
    return found
