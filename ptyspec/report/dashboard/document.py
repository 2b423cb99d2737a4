"""report.json: all that a dashboard says; every number of the page is one of these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ptyspec.checks.verdict import Verdict
from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Environment, Number
from ptyspec.contracts.stages import Stage
from ptyspec.experiments.documents import BoardRow
from ptyspec.spec.clause import LEVELS, PLACES
from ptyspec.spec.finding import State

Status = Literal["ok", "violation", "incomplete"]
Count = Annotated[int, Field(ge=0)]
Place = Annotated[str, Field(json_schema_extra={"enum": list(PLACES)})]
Level = Annotated[str, Field(json_schema_extra={"enum": list(LEVELS)})]
Words = list[str]


class Open(Record):
    """What a page may rely on; it may hold more."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)
    # Said here too: the documentation imports modules as type checkers see them, pydantic not.
    __pydantic_extra__: dict[str, Any]


class Headline(Record):
    """Counts of everything."""

    clauses: Count
    passed: Count
    partly_run: Count = Field(alias="partly run")
    failed: Count
    not_reached: Count = Field(alias="not reached")
    not_run: Count = Field(alias="not run")
    error: Count
    cases: Count
    kill_rate: Number
    confirmed: Count = Field(alias="CONFIRMED")
    ruled_out: Count = Field(alias="RULED OUT")
    open: Count = Field(alias="OPEN")
    runs: Count
    runs_with_violations: Count
    violations: Count


class Wrong(Record):
    """One thing that does not hold, and where the page shows it."""

    kind: Literal["run", "clause", "fault", "audit"]
    of: str
    clause: str
    stage: str
    what: str
    observed: str
    limit: str
    link: Annotated[str, Field(pattern="^#")]
    severity: Literal["violation", "note"]


class ClauseRow(Open):
    """A clause; margin: the largest share of its tolerance that a case used.

    ran: how many of its cases looked at it (fewer than `cases`: it is partly run); after: the failed
    clause of an earlier stage that this failure may follow from.
    """

    title: str
    level: Level
    statement: str
    tolerance: str
    place: Place
    document: str
    source: str
    state: State
    ran: Count
    detail: str
    after: str
    margin: Number
    cases: Count
    outcomes: dict[str, Count]
    failed: Words
    selectors: Words
    last: str


class FindingRow(Open):
    """What a run shows of a clause; ok is null where this run cannot tell."""

    clause: str
    stage: Place
    what: str
    observed: str
    limit: str
    ok: bool | None
    state: State
    source: str


class StageRow(Open):
    """One stage of a run."""

    name: Stage
    seconds: Number
    arrays: dict[str, Any]
    numbers: dict[str, Number]
    flags: dict[str, bool]


class RunRow(Open):
    """A finished run: what it is, its scores beside those of its controls, its stages and curves."""

    key: str
    name: str
    folder: str
    status: Literal["right", "doubtful", "wrong", "incomplete"]
    verdict: Verdict
    verdict_line: str
    recipe: str
    profile: str
    faults: Words
    looks: str
    findings: list[FindingRow]
    scores: dict[str, dict[str, Number]]
    stages: list[StageRow]
    training: dict[str, Any] | None
    rings: dict[str, Any]
    files: dict[str, str] = Field(default_factory=dict)


class FaultRow(Open):
    """A fault of the campaign; red: clauses that went red, and by how many cases."""

    id: str
    stage: str
    story: str
    status: str
    reason: str
    reached: Count
    missed: Words
    blind_red: Words
    red: dict[str, Count]


class Campaign(Record):
    """The campaigns of all tiers as one."""

    files: Words
    tiers: Words
    killed: Count
    valid: Count
    kill_rate: Number
    survivors: Words
    unkilled: Words
    shares: dict[str, dict[str, Number]]
    missed: dict[str, Words]
    faults: dict[str, FaultRow]


class Audits(Open):
    """The hub of audits that was named."""

    folder: str
    status: str
    kinds: dict[str, Any]


class Past(Open):
    """What is kept of a report."""

    schema_version: Literal[1] = 1
    time: str
    status: Status
    commit: str | None
    headline: dict[str, Number]
    mean_ratio: dict[str, Number]


class Report(Record):
    """report.json: the state of the specification, its headline on top; trend: former reports and this one."""

    schema_version: Literal[1] = 1
    status: Status
    headline: Headline
    time: str
    wrong: list[Wrong]
    clauses: dict[str, ClauseRow]
    runs: dict[str, RunRow]
    campaign: Campaign | None
    hypotheses: dict[str, BoardRow]
    audits: Audits | None
    environment: Environment
    outcomes_from: str
    trend: Annotated[list[Past], Field(min_length=1)]
