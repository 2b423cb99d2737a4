"""The documents of audits: KIND.json and hub.json. Their schemas are made from these models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ptyspec.checks.shown import Cell
from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Environment
from ptyspec.runs.run_spec import Kind as SubjectKind
from ptyspec.spec.clause import ID
from ptyspec.spec.finding import State

ClauseId = Annotated[str, Field(pattern=f"^{ID}$")]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Status = Literal["ok", "violation", "incomplete"]
Standing = Literal["violation", "defect", "not evaluated", "incomplete", "ok"]
"""From worst to best; `defect`: an audit failed by something that is no error of the user's."""


class SubjectRow(Record):
    """What was audited."""

    name: str
    kind: SubjectKind
    source: str


class FindingRow(Record):
    """A clause held against a value."""

    clause: ClauseId
    stage: str
    what: str
    state: State
    ok: bool | None = Field(description="null: not evaluated, and limit says why")
    observed: str | None
    limit: str
    pointer: str | None = Field(description="where the observed value lies")


class Table(Record):
    """A table whose numbers are references."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class FigureRow(Record):
    """A figure; `error` says why there is no file."""

    name: str
    caption: str
    file: str | None = None
    error: str | None = None


class AuditFile(Record):
    """KIND.json."""

    schema_version: Literal[2] = 2
    status: Status
    kind: str
    question: str
    control: str | None = Field(description="the data were spoiled by it on purpose")
    violated: list[ClauseId]
    subjects: list[SubjectRow]
    data: dict[str, Any] = Field(description="every number of the Markdown is one of these facts")
    tables: list[Table]
    findings: list[FindingRow]
    figures: list[FigureRow]
    notes: list[str]


class HubSubject(SubjectRow):
    """A subject of a hub: the file of its settings, and the run where one was needed."""

    settings: str
    run: str | None


class HubError(Record):
    """Why an audit could not look at a subject."""

    subject: str
    status: Literal["not evaluated", "defect"]
    text: str


class HubKind(Record):
    """One audit of all subjects."""

    question: str
    seconds: Seconds
    json_file: str | None = Field(alias="json")
    page: str | None
    holds: Count
    broken: Count
    not_evaluated: Count
    violated: list[ClauseId]
    subjects: dict[str, Standing]
    errors: list[HubError]
    figures: list[str]


class HubFinding(Record):
    """A finding that is broken or was not evaluated, and its place in the audit's list."""

    kind: str
    place: Count
    clause: ClauseId
    ok: Literal[False] | None
    what: str
    limit: str
    pointer: str | None


class Cases(Record):
    """The cases bound to a clause, and how they last ended."""

    state: str
    collected: Count
    passed: Count
    failed: Count
    not_run: Count
    last: str | None
    selectors: list[str]


class Rule(Record):
    """A clause that an audit names."""

    title: str
    level: str
    statement: str
    source: str
    tests: Cases | None = None


class Tests(Record):
    """The tests behind the clauses; `reason` says why they were not counted."""

    reason: str | None = "not asked for"
    clauses: dict[ClauseId, Rule] = Field(default_factory=dict)


class HubContent(Record):
    """A file of the hub."""

    path: str
    bytes: Count
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class HubFile(Record):
    """hub.json."""

    schema_version: Literal[1] = 1
    status: Standing
    command: str
    time: str
    environment: Environment
    subjects: list[HubSubject]
    kinds: dict[str, HubKind]
    findings: list[HubFinding]
    tests: Tests
    seconds: Seconds
    files: tuple[HubContent, ...] = ()
