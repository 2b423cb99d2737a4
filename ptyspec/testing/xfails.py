"""Expected failures from a file: `--ptyspec-xfails FILE`, for a pipeline that does not satisfy every clause yet.

One entry a line, then its reason: `ENTRY  # reason`. An entry is a node id (a case, a function, a
class, a file or a folder), a pattern with * and ?, or the id of a clause. Every case that a node id
or a pattern covers must fail. Of a clause the checks may fail, and in at least one case they must: a
pipeline rarely breaks a clause in every respect. The check of another clause fails its case as ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

from ptyspec.errors import InputFileError
from ptyspec.spec.binding import clauses_of
from ptyspec.spec.clause import ID

LINE = re.compile(r"(?P<entry>\S.*?)\s+#\s*(?P<reason>\S.*)")


@dataclass(frozen=True)
class Entry:
    """One expected failure."""

    text: str
    reason: str
    source: str
    """File and line."""

    @property
    def told(self) -> str:
        """The reason and where it stands."""
        return f"{self.reason} ({self.source})"

    @property
    def is_clause(self) -> bool:
        """Whether it names a clause."""
        return re.fullmatch(ID, self.text) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not {"*", "?"} & set(self.text):
            return None
        # Not fnmatch: brackets stand for themselves here, they belong to the ids of parametrized cases.
        return re.compile(re.escape(self.text).replace(r"\*", ".*").replace(r"\?", "."))

    def covers(self, item: pytest.Item) -> bool:
        """Whether this case is expected to fail by this entry."""
        if self.is_clause:
            return self.text in (clause.id for clause in clauses_of(item, known=True))
        if self._pattern is not None:
            return self._pattern.fullmatch(item.nodeid) is not None
        return item.nodeid == self.text or item.nodeid.startswith(
            tuple(f"{self.text.rstrip('/')}{end}" for end in "[:/")
        )


@dataclass
class Expected:
    """The entries of a file, and which of them covered a collected case."""

    entries: list[Entry] = field(default_factory=list)
    matched: dict[str, list[str]] = field(default_factory=dict)
    """Entry text to the node ids it covers."""

    def apply(self, items: Iterable[pytest.Item]) -> None:
        """Mark the cases that an entry expects to fail as a whole."""
        for item in items:
            covering = [entry for entry in self.entries if entry.covers(item)]
            for entry in covering:
                self.matched.setdefault(entry.text, []).append(item.nodeid)
            whole = [entry.told for entry in covering if not entry.is_clause]
            if whole:
                mark = pytest.mark.xfail(reason="; ".join(whole), strict=True)
                item.add_marker(mark, append=False)

    @property
    def clauses(self) -> dict[str, str]:
        """The clauses that are expected to fail, with the reasons."""
        return {entry.text: entry.told for entry in self.entries if entry.is_clause}

    def reasons(self, item: pytest.Item) -> dict[str, str]:
        """Return the clauses of this case whose checks are expected to fail, with the reasons."""
        if not self.clauses:
            return {}
        bound = {clause.id for clause in clauses_of(item, known=True)}
        return {name: told for name, told in self.clauses.items() if name in bound}


def read(path: Path) -> Expected:
    """Read a file of expected failures; raises InputFileError naming a line without a reason or written twice."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"the file of expected failures cannot be read: {error}"
        raise InputFileError(message, value=path, source="--ptyspec-xfails") from error
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        text, source = line.strip(), f"{path.name}:{number}"
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if match is None:
            message, next_step = "an expected failure without a reason", "write `ENTRY  # reason`"
            raise InputFileError(message, value=text, source=source, next_step=next_step)
        name = match["entry"]
        if name in entries:
            raise InputFileError("an expected failure stands twice", value=name, source=source)
        entries[name] = Entry(name, match["reason"], source)
    return Expected(list(entries.values()))
