"""What `ptyspec judge` and `ptyspec hypotheses` print as JSON: one judgement, and the board of all."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.experiments.contrasts import Found, State
from ptyspec.experiments.records import VerdictWord

Count = Annotated[int, Field(ge=0)]


class Effect(Record):
    """Value and interval of a contrast, as a factor too where it is a logarithm."""

    value: Number = None
    low: Number = None
    high: Number = None
    unit: str = ""
    factor: Number = None

    @staticmethod
    def of(found: Found) -> Effect:
        """Return that of a contrast."""
        interval = found.interval
        if interval is None:
            return Effect(unit=found.unit)
        factor = math.exp(interval.value) if found.unit.startswith("ln") else None
        return Effect(
            value=interval.value,
            low=interval.low,
            high=interval.high,
            unit=found.unit,
            factor=factor,
        )


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
    def of(found: Found) -> ContrastRow:
        """Return the row of a contrast."""
        names = [name for name in ContrastRow.model_fields if name != "effect"]
        row: dict[str, Any] = {name: getattr(found, name) for name in names}
        return ContrastRow(**row, effect=Effect.of(found))


class ScopeTexts(Record):
    """Factors that an experiment varied, held, and never touched."""

    varied: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    not_exercised: tuple[str, ...] = ()


class Versioned(Record):
    """A document of its own; its version comes first."""

    schema_version: Literal[1] = 1


class Judged(Record):
    """A hypothesis and what its evidence says; a hypothesis without evidence is OPEN and has no numbers.

    - needed_n: pairs that would settle it; None where none would, or nothing is open.
    """

    verdict: VerdictWord
    id: str
    claim: str
    reason: str
    blocked_by: str
    effect: Effect = Effect()
    margin: Number = None
    margin_source: str = ""
    n: Count = 0
    needed_n: int | None = None
    p: Number = None
    contrasts: tuple[ContrastRow, ...] = ()
    controls: tuple[ContrastRow, ...] = ()
    scope: ScopeTexts = ScopeTexts()
    clauses: tuple[str, ...]


class JudgementFile(Judged, Versioned):
    """ptyspec judge --json: one hypothesis and what follows from its evidence.

    - recorded: what was added to its history; broken: what keeps the committed verdict from standing.
    """

    instrument: str
    recorded: str = ""
    broken: tuple[str, ...] = ()


class PastVerdict(Record):
    """One verdict of the history."""

    date: str
    verdict: VerdictWord
    reason: str
    effect: Number
    low: Number
    high: Number
    n: Count
    supersedes: str
    changed: tuple[str, ...]
    why: str
    instrument: str
    digest: str


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

    title: str
    story: str
    cost: Literal["cheap", "dear"]
    alpha: float
    adjusted_p: Number = None
    history: tuple[PastVerdict, ...]
    supersedes: tuple[str, ...]
    related: tuple[str, ...]
    file: str
    records: tuple[RunValue, ...] = ()


class Board(Versioned):
    """ptyspec hypotheses --json: every hypothesis with its verdict, how many of each on top."""

    verdicts: dict[VerdictWord, Count]
    hypotheses: tuple[BoardRow, ...]


class Judgements(Versioned):
    """ptyspec judge --all --json: several judgements, how many of each verdict on top."""

    verdicts: dict[VerdictWord, Count]
    judgements: tuple[JudgementFile, ...]
