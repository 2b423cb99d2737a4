"""The entries: which edit breaks which clause, read from tests/red/*.yaml."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ptyspec.errors import PtyspecError
from ptyspec.spec.collect import Case

REQUIRED = {"clause", "story", "file", "find", "replace"}
OPTIONAL = {"case", "error"}


class EntryError(PtyspecError):
    """A file of entries breaks their format."""


@dataclass(frozen=True)
class Entry:
    """One way to break one clause: in `file`, `find` (which occurs once) becomes `replace`.

    `case` is the quickest of the clause's cases, a node id with or without parameters, or a file; otherwise all of them
    are run. `error` names the type of an exception that counts beside a failed assertion.
    """

    document: str
    clause: str
    story: str
    file: str
    find: str
    replace: str
    case: str = ""
    error: str = ""

    def problem(self, root: Path) -> str:
        """Say why the edit cannot be made in the tree at `root`; empty where it can."""
        path = root / self.file
        if not path.is_file():
            return f"there is no file {self.file}"
        count = path.read_text(encoding="utf-8").count(self.find)
        if count != 1:
            return f"`find` occurs {count} times in {self.file}, and must occur once"
        return "`replace` is what was there" if self.find == self.replace else ""

    def chosen(self, cases: Collection[Case]) -> list[Case]:
        """Return the clause's cases that this entry runs, cheap tiers first."""
        order = {"contract": 0, "meta": 1, "regression": 2, "parity": 3}
        bound = [case for case in cases if self.clause in case.clauses]
        if self.case:
            bound = [
                case
                for case in bound
                if self.case in (case.id, case.function, case.file) or _inside(self, case)
            ]
        return sorted(bound, key=lambda case: order.get(case.tier or "", 4))


def _inside(entry: Entry, case: Case) -> bool:
    """Say whether the entry names a class of tests that holds the case."""
    return case.id.startswith(f"{entry.case}::")


def read(folder: Path) -> list[Entry]:
    """Return the entries of all files in order; raises EntryError with file and number of the entry."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            rows = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        except yaml.YAMLError as error:
            raise EntryError(f"not YAML: {error}", source=path) from error
        if not isinstance(rows, list):
            raise EntryError(
                "not a list of entries", source=path, next_step="begin each entry with '- clause: '"
            )
        found += [_entry(path, number, row) for number, row in enumerate(rows, start=1)]
    return found


def _entry(path: Path, number: int, row: Any) -> Entry:
    keys = set(row) if isinstance(row, dict) else set()
    wrong = sorted((REQUIRED - keys) | (keys - REQUIRED - OPTIONAL))
    if wrong or not all(isinstance(value, str) for value in row.values()):
        raise EntryError(
            f"entry {number} lacks a key, has one too many, or a value that is no text",
            value=", ".join(wrong) or None,
            limit=f"{', '.join(sorted(REQUIRED))}; and {', '.join(sorted(OPTIONAL))}",
            source=path,
        )
    return Entry(path.stem, **row)
