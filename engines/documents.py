"""What is kept of an engine: the verdict as JSON, and beside it the explanations, written by hand."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from engines.catalogue import HERE
from ptyspec.contracts.base import Record
from ptyspec.files.jsonfile import read_document

AGREEMENT = HERE / "results" / "agreement.json"
WANTED = 0.99
"""Correlation of moduli and of phases from which on two engines agree."""
Kind = Literal["our adapter", "their convention", "their defect", "our clause"]


class ClauseVerdict(Record):
    """One clause: its state, and the first comparison that decided it."""

    clause: str
    state: Literal["passed", "failed", "not reached", "not run", "error"]
    what: str
    observed: str
    expected: str


class EngineVerdict(Record):
    """engines/results/NAME.json: what the clauses said of one engine, when, and of which versions.

    `digest` names what it was made from: adapter, requirements, checks and clauses.
    """

    schema_version: Literal[1] = 1
    engine: str
    date: str
    versions: dict[str, str]
    settings: dict[str, Any]
    seconds: float
    digest: str
    status: str
    clauses: list[ClauseVerdict]


class Explanation(Record):
    """Why a clause is red: whose doing it is, in words, and lines that show it without this project where they can."""

    kind: Kind
    words: str
    reproducer: str = ""


class Pair(Record):
    """How two objects of one scan agree; `other` is held against this project's rPIE."""

    other: str
    amplitude_pearson: float
    phase_pearson: float
    level: float
    change: float
    pixels: int
    versions: dict[str, str]


class Agreement(Record):
    """engines/results/agreement.json."""

    schema_version: Literal[1] = 1
    date: str
    photons: float
    frames: int
    wanted: float
    pairs: list[Pair]


def verdict_file(name: str) -> Path:
    """Where an engine's verdict is kept."""
    return HERE / "results" / f"{name}.json"


def verdict(name: str) -> EngineVerdict | None:
    """Return what is kept of an engine; None where it was not judged."""
    path = verdict_file(name)
    return read_document(path, EngineVerdict, "an engine's verdict") if path.is_file() else None


def explanations(name: str) -> dict[str, Explanation]:
    """Return the explanations of an engine's red clauses, by clause; one may stand under several, `A B = ...`."""
    path = HERE / "explanations" / f"{name}.toml"
    if not path.is_file():
        return {}
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        clause: Explanation.model_validate(what)
        for clauses, what in read.items()
        for clause in clauses.split()
    }
