"""All clauses of the specification, by id."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ptyspec
from ptyspec.spec.clause import Clause, SpecError, UnknownClauseError
from ptyspec.spec.parse import parse


@dataclass(frozen=True)
class Registry(Mapping[str, Clause]):
    """Clauses in the order of their documents; a missing id raises UnknownClauseError with the nearest names."""

    folder: Path
    clauses: dict[str, Clause]

    def __getitem__(self, name: str) -> Clause:
        if name not in self.clauses:
            near = difflib.get_close_matches(name, self.clauses, n=3, cutoff=0.5)
            raise UnknownClauseError(
                "no clause has this id",
                value=name,
                limit=f"one of the {len(self.clauses)} ids in {self.folder}",
                next_step=f"did you mean {' or '.join(near)}?"
                if near
                else "ptyspec trace lists them",
            )
        return self.clauses[name]

    def __contains__(self, name: object) -> bool:
        return name in self.clauses

    def __iter__(self) -> Iterator[str]:
        return iter(self.clauses)

    def __len__(self) -> int:
        return len(self.clauses)


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
