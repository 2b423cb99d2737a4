"""The documents of audits: KIND.json and hub.json. Their schemas are made from these models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Environment
from ptyspec.runs.run_spec import Kind as SubjectKind
from ptyspec.spec.clause import ID
from ptyspec.spec.finding import State

ClauseId = Annotated[str, Field(pattern=f"^{ID}$")]
Count = Annotated[int, Field(ge=0)]
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


class FigureRow(Record):
    """A figure; `error` says why there is no file."""

    name: str
    caption: str
    file: str | None = None
    error: str | None = None


class AuditFile(Record):
    """KIND.json."""

    schema_version: Literal[3] = 3
    status: Status
    kind: str
    question: str
    control: str | None = Field(description="the data were spoiled by it on purpose")
    violated: list[ClauseId]
    subjects: list[SubjectRow]
    data: dict[str, Any] = Field(description="every number of the Markdown is one of these facts")
    findings: list[FindingRow]
    figures: list[FigureRow]
    notes: list[str]


class HubKind(Record):
    """One audit of all subjects; `errors` says by subject why it could not look."""

    question: str
    page: str | None
    holds: Count
    broken: Count
    not_evaluated: Count
    subjects: dict[str, Standing]
    errors: dict[str, str]


class HubFinding(FindingRow):
    """A finding that is broken or was not evaluated."""

    kind: str


class HubFile(Record):
    """hub.json."""

    schema_version: Literal[2] = 2
    status: Standing
    command: str
    time: str
    environment: Environment
    subjects: list[SubjectRow]
    kinds: dict[str, HubKind]
    findings: list[HubFinding]
