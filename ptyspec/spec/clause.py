"""What a clause is: one normative sentence with an id, a revision, a reason and a tolerance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ptyspec.contracts.stages import STAGES
from ptyspec.errors import PtyspecError

Level = Literal["MUST", "SHOULD", "MAY"]
Mode = Literal["exact", "relative", "absolute", "ratio"]
Kind = Literal["exact", "derived", "measured", "assigned"]
LEVELS: tuple[Level, ...] = ("MUST", "SHOULD", "MAY")
MODES: tuple[Mode, ...] = ("relative", "absolute", "ratio")
KINDS: tuple[Kind, ...] = ("derived", "measured", "assigned")
ID = r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d{3}"
"""The form of a clause's id, as a regular expression."""
PLACES = (*STAGES, "files", "settings", "run", "evidence")
"""The eight stages, and what surrounds them: files, settings, the run as a whole, evidence."""
PLACEHOLDER = "TODO"
"""Stands in a skeleton where something is to be written."""


class SpecError(PtyspecError):
    """A specification document breaks the format; the source names file and line."""


class UnknownClauseError(PtyspecError):
    """No clause has this id."""


@dataclass(frozen=True)
class Tolerance:
    """How far an observation may lie from the rule, and where that figure comes from.

    `relative`: |observed - expected| <= value * max|expected|. `absolute`: |observed - expected| <= value.
    `ratio`: |observed / expected - 1| <= value. `exact`: equal.
    """

    value: float
    mode: Mode
    kind: Kind
    source: str

    def __str__(self) -> str:
        if self.mode == "exact":
            return f"exact{f' ({self.source})' if self.source else ''}"
        return f"{self.value:g} {self.mode} ({self.kind}: {self.source})"


EXACT = Tolerance(0.0, "exact", "exact", "")


@dataclass(frozen=True)
class Clause:
    """One rule of the specification."""

    id: str
    title: str
    revision: int
    level: Level
    statement: str
    why: str
    tolerance: Tolerance
    place: str
    signatures: tuple[int, ...]
    """Failure signatures 1 to 80 of the investigation that this rule catches."""
    section: str
    path: Path
    line: int

    @property
    def unfinished(self) -> bool:
        """Whether it is still the skeleton of `ptyspec new clause`."""
        return PLACEHOLDER in f"{self.statement} {self.why}"

    @property
    def document(self) -> str:
        """Name of its document, without folder."""
        return self.path.name

    @property
    def source(self) -> str:
        """Where it stands: document and line."""
        return f"specs/{self.document}:{self.line}"

    @property
    def fingerprint(self) -> str:
        """Digest of what the rule says; it changes with the sentence, the level or the tolerance, not with the reason."""
        text = " ".join(f"{self.title}\n{self.statement}\n{self.tolerance}".split())
        return hashlib.sha256(text.encode()).hexdigest()[:12]
