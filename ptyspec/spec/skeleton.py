"""Skeletons of a new clause and of a new case: what `ptyspec new` writes, complete but for what only a person knows."""

import re
from pathlib import Path

from ptyspec.errors import OutputExistsError, PtyspecError
from ptyspec.files.disk import atomic_file
from ptyspec.spec.clause import HEADING, Clause, Registry, parse

CLAUSE = """### {id} · {title} {{r1}}
TODO: who MUST do what.

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
    known: Registry, document: Path, name: str, title: str, section: str | None = None
) -> int:
    """Write a clause's skeleton at the end of a section of the document; return its line.

    Without a section it goes where clauses of its area stand already, else into the last one. Raises SkeletonError for
    an id that is taken, and a name, title or section that does not fit, and leaves the document as it was.
    """
    area = name.rpartition("-")[0]
    if name in known:
        used = [int(other[-3:]) for other in known if other.rpartition("-")[0] == area]
        what = "this id is taken"
        step = f"{area}-{max(used) + 1:03d} is free"
        raise SkeletonError(what, value=name, source=known[name].source, next_step=step)
    if HEADING.fullmatch(f"### {name} · {title} {{r1}}") is None:
        message, limit = "not an id and title of a clause", "AREA-001 · One line"
        raise SkeletonError(message, value=f"{name} · {title}", limit=limit)
    clauses, text = parse(document), document.read_text(encoding="utf-8")
    own = [one.section for one in clauses if one.id.rpartition("-")[0] == area]
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    chosen = section or ([*sections, *own] or [""])[-1]
    if chosen not in sections:
        limit = ", ".join(sections) or "none: begin one: '## Title'"
        raise SkeletonError("no such section", value=chosen, limit=limit, source=document)
    place = next((one.place for one in reversed(clauses) if one.section == chosen), "run")
    above, heading, below = text.partition(f"\n## {chosen}\n")
    body, mark, rest = below.partition("\n## ")
    new = CLAUSE.format(id=name, title=title, place=place)
    with atomic_file(document) as file:
        file.write(f"{above}{heading}{body.rstrip()}\n\n{new}{mark}{rest}".encode())
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
