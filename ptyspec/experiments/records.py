"""The documents of a hypothesis: what is committed (its evidence, run by run, and its verdicts, one after the other), and
what `ptyspec judge` and `ptyspec hypotheses` print as JSON (a judgement, and the board of all).

History entries are added, each sealed and tied to the one before: an entry holds the digest of the former one and its
own, and the file that of the last one, so that what was altered, put between or removed is noticed. A later verdict
names the one that it supersedes and what differs: the verdict, the evidence, the claim, or which part of the instrument.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.errors import InputFileError
from ptyspec.experiments.registry import EvidenceError, HistoryError
from ptyspec.files.jsonfile import read_document, read_json, write_json

if TYPE_CHECKING:
    from ptyspec.experiments.hypothesis import Hypothesis
    from ptyspec.experiments.verdict import Found

VerdictWord = Literal["CONFIRMED", "RULED OUT", "OPEN"]
State = Literal["as claimed", "refuted", "other way", "undecided", "no value"]
Count = Annotated[int, Field(ge=0)]


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


def read_evidence(place: Path, hypothesis: "Hypothesis") -> Evidence:
    """Return the committed evidence; raises EvidenceError where there is none or it is that of another design."""
    path = place / "evidence" / f"{hypothesis.id}.json"

    def refused(message: str, **values: object) -> EvidenceError:
        again = f"ptyspec judge {hypothesis.id} --record"
        return EvidenceError(message, source=path, next_step=again, **values)

    if not path.is_file():
        raise refused("there is no evidence yet", value=hypothesis.id)
    try:
        found = read_document(path, Evidence, "evidence")
    except InputFileError as error:
        raise refused(error.message) from None
    if faults := found.environment.get("faults"):
        raise refused("the evidence was made while faults were active", value=", ".join(faults))
    design = design_of(hypothesis)
    if found.id != hypothesis.id or found.design != design:
        told = "the evidence is that of another design: arms, seeds or numbers were changed since"
        raise refused(told, value=found.design, limit=design)
    return found


def design_of(hypothesis: "Hypothesis") -> str:
    """Return the digest of what decides which runs are made and what is recorded of them: evidence belongs to this."""
    asked = {name: getattr(hypothesis, name) for name in ("probe", "profile", "settings", "arms")}
    asked |= {"paths": sorted(hypothesis.paths), "seeds": sorted(hypothesis.design.seeds)}
    return digest(asked | {"deterministic": hypothesis.design.deterministic})


def digest(data: object) -> str:
    """Return the first 16 digits of the SHA-256 of JSON values, keys in order."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Entry(Record):
    """One verdict.

    - effect, low, high, unit: of the first effect; None where it has no value.
    - evidence, hypothesis: digests of what was judged; instrument: of each part of what judged it.
    - supersedes: digest of the entry whose place it takes; changed: what differs from that one.
    - former: digest of the entry before, empty for the first; digest: of everything else in this entry.
    """

    date: str
    verdict: VerdictWord
    reason: str
    effect: float | None
    low: float | None
    high: float | None
    unit: str
    margin: float
    n: int
    p: float | None
    evidence: str
    hypothesis: str
    instrument: dict[str, str]
    supersedes: str
    changed: tuple[str, ...]
    why: str
    former: str
    digest: str


class HistoryFile(Record):
    """history/H-ID.json: the verdicts of a hypothesis, each sealed; `last` is the digest of the last one."""

    schema_version: Literal[1] = 1
    id: str
    last: str
    entries: tuple[Entry, ...]


def history(place: Path, name: str) -> tuple[Entry, ...]:
    """Return the entries, the first verdict first; raises HistoryError where one was altered, removed or put between."""
    path = place / "history" / f"{name}.json"

    def refused(message: str, number: int | None = None) -> HistoryError:
        more = {"limit": "entries are added, never altered or removed", "value": f"entry {number}"}
        step = "restore the file from version control; `ptyspec judge --record` adds what is new"
        return HistoryError(message, source=path, next_step=step, **more if number else {})

    if not path.is_file():
        return ()
    try:
        content = read_json(path)
    except InputFileError as error:
        raise refused(error.message) from None
    rows = content.get("entries") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise refused("not a history: it holds no entries")
    former = ""
    for number, row in enumerate(rows, start=1):
        if row.get("digest") != seal(row):
            raise refused("an entry of the history was altered", number)
        if row.get("former") != former:
            raise refused("an entry of the history is missing or in another place", number)
        former = row["digest"]
    if content.get("last") != former:
        raise refused("the last entry of the history is missing", len(rows) + 1)
    if content.get("id") != name:
        raise refused("this is the history of another hypothesis", 1)
    try:
        return HistoryFile.model_validate(content).entries
    except ValidationError as error:
        raise refused(f"not a history: {error.errors()[0]['msg']}") from None


def append(place: Path, name: str, facts: dict[str, Any], why: str = "") -> Entry | None:
    """Add a verdict to the history and return it; None, and nothing written, where nothing differs from the last one.

    `facts` are the fields from `verdict` to `instrument`, and `date`. Raises HistoryError where what is there was
    altered: nothing is added to a history that cannot be believed.
    """
    known = history(place, name)
    former = known[-1].digest if known else ""
    changed: list[str] = []
    if known:
        last, before, now = known[-1], known[-1].instrument, facts["instrument"]
        kinds = ("verdict", "evidence", "hypothesis")
        changed = [key for key in kinds if getattr(last, key) != facts[key]]
        parts = [part for part in sorted({*before, *now}) if before.get(part) != now.get(part)]
        changed += [f"instrument: {part}" for part in parts]
        if not changed:
            return None
    links = {"supersedes": former, "changed": changed, "why": why, "former": former, "digest": ""}
    unsealed = Entry.model_validate({**facts, **links})
    entry = unsealed.model_copy(update={"digest": seal(unsealed.model_dump(mode="json"))})
    path = place / "history" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    write_json(path, HistoryFile(id=name, last=entry.digest, entries=(*known, entry)))
    return entry


def seal(raw: Mapping[str, Any]) -> str:
    """Return the digest of an entry's JSON values but for the digest itself."""
    return digest({key: value for key, value in raw.items() if key != "digest"})


class Effect(Record):
    """Value and interval of a contrast, as a factor too where it is a logarithm."""

    value: Number = None
    low: Number = None
    high: Number = None
    unit: str = ""
    factor: Number = None

    @staticmethod
    def of(found: "Found") -> "Effect":
        """Return that of a contrast."""
        if found.interval is None:
            return Effect(unit=found.unit)
        factor = math.exp(found.interval.value) if found.unit.startswith("ln") else None
        return Effect(**vars(found.interval), unit=found.unit, factor=factor)


class ContrastRow(Record):
    """What a contrast or a control came to."""

    name: str
    role: Literal["effect", "remedy", "restored", "positive", "negative"]
    expect: Literal["beyond", "within"]
    direction: Literal["up", "down", "either"]
    margin: float
    n: Count
    state: State
    reason: str
    needed_n: int | None
    p: Number
    effect: Effect

    @staticmethod
    def of(found: "Found") -> "ContrastRow":
        """Return the row of a contrast."""
        names = [name for name in ContrastRow.model_fields if name != "effect"]
        values: dict[str, Any] = {name: getattr(found, name) for name in names}
        return ContrastRow(**values, effect=Effect.of(found))


class ScopeTexts(Record):
    """Factors that an experiment varied, held, and never touched."""

    varied: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    not_exercised: tuple[str, ...] = ()


class Judged(Record):
    """A hypothesis and what its evidence says; a hypothesis without evidence is OPEN and has no numbers.

    - needed_n: pairs that would settle it; None where none would, or nothing is open.
    """

    verdict: VerdictWord
    id: str
    title: str
    claim: str
    story: str
    cost: Literal["cheap", "dear"]
    clauses: tuple[str, ...]
    supersedes: tuple[str, ...]
    related: tuple[str, ...]
    margin_source: str
    alpha: float
    reason: str
    blocked_by: str
    effect: Effect = Effect()
    margin: Number = None
    n: Count = 0
    needed_n: int | None = None
    p: Number = None
    contrasts: tuple[ContrastRow, ...] = ()
    controls: tuple[ContrastRow, ...] = ()
    scope: ScopeTexts = ScopeTexts()


class JudgementFile(Judged):
    """ptyspec judge --json: one hypothesis and what follows from its evidence.

    - instrument: digests of the parts that judged it.
    - recorded: what was added to its history; broken: what keeps the committed verdict from standing.
    """

    schema_version: Literal[2] = 2
    instrument: dict[str, str]
    recorded: str = ""
    broken: tuple[str, ...] = ()


class RunValue(Record):
    """The observable of one run; None where it gave none.

    - key: observations/KEY.json in the run store; None for a probe.
    """

    seed: int
    arm: str
    value: Number
    key: str | None
    outcome: str


class BoardRow(Judged):
    """A hypothesis on the board, corrected by Holm for the others beside it."""

    adjusted_p: Number = None
    history: tuple[Entry, ...]
    file: str
    records: tuple[RunValue, ...] = ()


class Board(Record):
    """ptyspec hypotheses --json: every hypothesis with its verdict, how many of each on top."""

    schema_version: Literal[2] = 2
    verdicts: dict[VerdictWord, Count]
    hypotheses: tuple[BoardRow, ...]


class Judgements(Record):
    """ptyspec judge --all --json: several judgements, how many of each verdict on top."""

    schema_version: Literal[2] = 2
    verdicts: dict[VerdictWord, Count]
    judgements: tuple[JudgementFile, ...]
