"""Skeletons of a new clause and of a new case: what `ptyspec new` writes, complete but for what only a person knows."""

from __future__ import annotations

import re
from pathlib import Path

from ptyspec.errors import OutputExistsError, PtyspecError
from ptyspec.files.files import atomic_file
from ptyspec.spec.clause import LEVELS, Clause, SpecError
from ptyspec.spec.parse import HEADING, parse
from ptyspec.spec.registry import Registry

CLAUSE = """### {id} · {title} {{r1}}
TODO: who {level} do what.

- Why: TODO: what goes wrong otherwise.
- Tolerance: exact
- Place: {place}
"""
CASE = '''"""{id}: {title}."""

from __future__ import annotations

import pytest

from ptyspec.spec.checks import Check


@pytest.mark.clause("{id}")
def {name}(clause: Check) -> None:
    observed, expected = "TODO: what the pipeline does", "what {id} wants"
    clause.equal(observed, expected, "TODO: the quantity")
'''


class SkeletonError(PtyspecError):
    """A clause or case of this name cannot be begun here."""


def insert_clause(
    document: Path, name: str, title: str, level: str = "MUST", section: str | None = None
) -> int:
    """Write a clause's skeleton at the end of a section of the document; return its line.

    Without a section it goes where clauses of its area stand already, else into the last one. Raises SkeletonError for a
    name, title, level or section that does not fit, and leaves the document as it was.
    """
    heading = f"### {name} · {title} {{r1}}"
    if HEADING.fullmatch(heading) is None:
        told = f"{name} · {title}"
        message = "not an id and title of a clause"
        raise SkeletonError(message, value=told, limit="AREA-001 · One line")
    if level not in LEVELS:
        raise SkeletonError("not a level", value=level, limit=", ".join(LEVELS))
    clauses = parse(document)
    lines = document.read_text(encoding="utf-8").rstrip("\n").split("\n")
    chosen = section or _section_of_area(clauses, name) or _last_section(document, lines)
    place = next((clause.place for clause in reversed(clauses) if clause.section == chosen), "run")
    at = _end_of(document, lines, chosen)
    text = CLAUSE.format(id=name, title=title, level=level, place=place)
    after = lines[at:]
    before = "\n".join(lines[:at]).rstrip()
    whole = "\n".join([before, "", text, *after]).rstrip("\n")
    with atomic_file(document) as file:
        file.write(f"{whole}\n".encode())
    return next(clause.line for clause in parse(document) if clause.id == name)


def write_case(root: Path, clause: Clause, tier: str) -> Path:
    """Write a file with one failing case of the clause into the tier's folder; return its path.

    Raises OutputExistsError where the file exists and SkeletonError for a folder that does not.
    """
    folder = root / "tests" / tier
    if not folder.is_dir():
        tests = root / "tests"
        tiers = sorted(path.name for path in tests.iterdir() if any(path.glob("test_*.py")))
        message = "there is no such tier"
        raise SkeletonError(message, value=tier, limit=", ".join(tiers), source=tests)
    path = folder / f"test_{slug(clause.id)}.py"
    if path.exists():
        next_step = "add the case to it, or move it away"
        raise OutputExistsError("the file exists", value=path, next_step=next_step)
    name = f"test_{slug(clause.title)}"
    path.write_text(CASE.format(id=clause.id, title=clause.title, name=name), encoding="utf-8")
    return path


def slug(text: str) -> str:
    """Return text as part of a Python name."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def check_new(known: Registry, name: str) -> None:
    """Raise SkeletonError where a document has this id already; it names the next free one."""
    if name in known:
        area = name.rpartition("-")[0]
        used = [int(other[-3:]) for other in known if other.rpartition("-")[0] == area]
        raise SkeletonError(
            "this id is taken",
            value=name,
            source=known[name].source,
            next_step=f"{area}-{max(used) + 1:03d} is free",
        )


def _section_of_area(clauses: list[Clause], name: str) -> str | None:
    area = name.rpartition("-")[0]
    same = [clause.section for clause in clauses if clause.id.rpartition("-")[0] == area]
    return same[-1] if same else None


def _last_section(document: Path, lines: list[str]) -> str:
    sections = _sections(lines)
    if not sections:
        next_step = "begin one: '## Title'"
        raise SpecError("the document has no section", source=document, next_step=next_step)
    return list(sections)[-1]


def _end_of(document: Path, lines: list[str], section: str) -> int:
    sections = _sections(lines)
    if section not in sections:
        known = ", ".join(sections)
        raise SkeletonError("no such section", value=section, limit=known, source=document)
    later = [line for line in sections.values() if line > sections[section]]
    return min(later, default=len(lines))


def _sections(lines: list[str]) -> dict[str, int]:
    found, fenced = {}, False
    for number, line in enumerate(lines):
        fenced ^= line.startswith("```")
        if not fenced and line.startswith("## "):
            found[line[3:].strip()] = number
    return found
