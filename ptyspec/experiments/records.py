"""Evidence as it is committed: for each arm and seed the numbers, how the run ended and where it can be found again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ptyspec.contracts.base import Record
from ptyspec.errors import InputFileError
from ptyspec.experiments.errors import EvidenceError
from ptyspec.files.jsonfile import read_document, write_json

if TYPE_CHECKING:
    from ptyspec.experiments.hypothesis import Hypothesis

VerdictWord = Literal["CONFIRMED", "RULED OUT", "OPEN"]


class Row(Record):
    """One arm at one seed.

    - repeat: 1 for the second run of a deterministic probe.
    - values: every recorded number by its path; None where the run did not give it.
    - key: where the observation lies in the run store; None for a probe.
    """

    arm: str
    seed: int
    repeat: int = 0
    values: dict[str, float | None]
    outcome: Literal["finished", "refused", "diverged", "failed"]
    stage: str | None = None
    error: str | None = None
    key: str | None = None
    seconds: float | None = None
    faults: tuple[str, ...] = ()


class Scope(Record):
    """What the experiment is about: factors that differ between its arms, those that do not, those it never touched."""

    varied: dict[str, dict[str, Any]]
    """Setting to its value in each arm."""
    held: dict[str, Any]
    not_exercised: tuple[str, ...]


class Evidence(Record):
    """evidence/H-ID.json: everything that a verdict rests on, run by run.

    - design: digest of what was asked (arms, seeds, paths); evidence of another design is refused.
    - environment: versions, threads and processor, as in a run's environment.json.
    """

    schema_version: Literal[1] = 1
    id: str
    made: str
    design: str
    environment: dict[str, Any]
    scope: Scope
    rows: tuple[Row, ...]


def path_of(place: Path, name: str) -> Path:
    """Return where a hypothesis's evidence lies below the folder of the hypotheses."""
    return place / "evidence" / f"{name}.json"


def write_evidence(place: Path, evidence: Evidence) -> Path:
    """Write it; a former one is replaced, its verdicts stay in the history."""
    path = path_of(place, evidence.id)
    path.parent.mkdir(exist_ok=True)
    write_json(path, evidence)
    return path


def read_evidence(place: Path, hypothesis: Hypothesis) -> Evidence:
    """Return the committed evidence; raises EvidenceError where there is none or it is that of another design."""
    path = path_of(place, hypothesis.id)
    again = f"ptyspec judge {hypothesis.id} --record"
    if not path.is_file():
        raise EvidenceError(
            "there is no evidence yet", value=hypothesis.id, source=path, next_step=again
        )
    try:
        found = read_document(path, Evidence, "evidence")
    except InputFileError as error:
        raise EvidenceError(error.message, source=path, next_step=again) from None
    if faults := found.environment.get("faults"):
        raise EvidenceError(
            "the evidence was made while faults were active",
            value=", ".join(faults),
            source=path,
            next_step=again,
        )
    if found.id != hypothesis.id or found.design != design_of(hypothesis):
        raise EvidenceError(
            "the evidence is that of another design: arms, seeds or numbers were changed since",
            value=found.design,
            limit=design_of(hypothesis),
            source=path,
            next_step=again,
        )
    return found


def design_of(hypothesis: Hypothesis) -> str:
    """Return the digest of what is asked of the arms."""
    return digest(hypothesis.asked())


def digest(data: object) -> str:
    """Return the first 16 digits of the SHA-256 of JSON values, keys in order."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
