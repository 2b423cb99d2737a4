"""All clauses of the specification, by id."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import ptyspec
from ptyspec.spec.clause import Clause, SpecError, UnknownClauseError
from ptyspec.spec.parse import parse


class Registry(dict[str, Clause]):
    """Clauses in the order of their documents; a missing id raises UnknownClauseError with the nearest names."""

    def __init__(self, folder: Path, clauses: Mapping[str, Clause]) -> None:
        super().__init__(clauses)
        self.folder = folder

    def __missing__(self, name: str) -> Clause:
        near = difflib.get_close_matches(name, self, n=3, cutoff=0.5)
        raise UnknownClauseError(
            "no clause has this id",
            value=name,
            limit=f"one of the {len(self)} ids in {self.folder}",
            next_step=f"did you mean {' or '.join(near)}?" if near else "ptyspec trace lists them",
        )


def read(folder: Path) -> Registry:
    """Read all documents of a folder; raises SpecError for an id that stands twice."""
    clauses: dict[str, Clause] = {}
    for path in sorted(folder.glob("*.md")):
        for clause in parse(path):
            if clause.id in clauses:
                raise SpecError(
                    "a clause id stands twice",
                    value=clause.id,
                    source=f"{path}:{clause.line}",
                    limit=f"first at {clauses[clause.id].source}",
                    next_step="give the new clause the next free number",
                )
            clauses[clause.id] = clause
    return Registry(folder, clauses)


@cache
def specification() -> Registry:
    """Return the specification that belongs to this installation, read once."""
    return read(folder())


def folder() -> Path:
    """Return the folder of the documents: beside the package in a checkout, inside it when installed."""
    package = Path(ptyspec.__file__).parent
    installed = package / "specs"
    return installed if installed.is_dir() else package.parent / "specs"
