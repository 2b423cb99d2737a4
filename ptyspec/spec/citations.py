"""What documents and code cite, clause ids and pytest selectors, and which of it does not exist.

A selector rots when a test is renamed; a clause id when a clause is split. Cited ids are looked for in the documents,
the README and the package's sources, selectors in the documents and the README. `AREA-001` is the id of examples.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from ptyspec.spec.clause import ID
from ptyspec.spec.collect import Case
from ptyspec.spec.finding import Remark

CLAUSE_ID = re.compile(rf"(?<![\w-]){ID}(?![\w-])")
SELECTORS = (
    re.compile(r"(?<![\w/])(tests/[\w/]*test_\w+\.py(?:::\w+)*(?:\[[\w.-]+\])?)"),
    re.compile(r"pytest (?:-[\w=]+ )*(tests/\w+|-m \w+)/?(?=[\s`]|$)"),
)
NO_CLAUSES = ("SHA-", "AREA-")
EXAMPLE = "test_area_"
GENERATED = "seen-red.md"
"""A page that quotes failures: what it names was true when they were written."""


def unresolved(root: Path, clauses: Collection[str], cases: Collection[Case]) -> Iterator[Remark]:
    """Yield every citation of a clause that no document has, or of a selector that collects nothing."""
    known = _selectors(cases)
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "specs").rglob("*.md")]
    for path in [*sorted(pages), *sorted((root / "ptyspec").rglob("*.py"))]:
        lines = path.read_text(encoding="utf-8").splitlines() if path.name != GENERATED else ()
        for number, line in enumerate(lines, start=1):
            source = f"{path.relative_to(root).as_posix()}:{number}"
            for name in CLAUSE_ID.findall(line):
                if name not in clauses and not name.startswith(NO_CLAUSES):
                    message, step = "cited, and not in any document", "correct the citation"
                    yield Remark("violation", name, message, source, step)
            cited = [name for one in SELECTORS for name in one.findall(line)]
            for name in cited if path.suffix == ".md" else ():
                if name not in known and EXAMPLE not in name:
                    message, step = f"{name} collects nothing", "correct the selector"
                    yield Remark("violation", "", message, source, step)


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
