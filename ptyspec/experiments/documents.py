"""What `ptyspec judge` and `ptyspec hypotheses` print as JSON: one judgement, and the board of all."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.experiments.records import Entry, VerdictWord
from ptyspec.experiments.verdict import Found, State

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
        if found.interval is None:
            return Effect(unit=found.unit)
        factor = math.exp(found.interval.value) if found.unit.startswith("ln") else None
        return Effect(**asdict(found.interval), unit=found.unit, factor=factor)


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
