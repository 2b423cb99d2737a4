"""Pipelines x clauses: one table of what was kept of `ptyspec check --json` and of a scoreboard of engines."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.files.jsonfile import read_document, read_json
from ptyspec.render.table import Mark, Table, observation
from ptyspec.report.trace import finite
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State

ASIDE = "does not apply"
MARKS = {"passed": "✓", "failed": "✗", "error": "!", "not reached": "!", "not run": "–", ASIDE: "–"}


class Answer(Record):
    """One finding as JSON; used: the error as a share of the tolerance, None where it is no finite number."""

    clause: str
    stage: str
    what: str
    observed: str
    expected: str
    state: State
    source: str
    used: Number
    next_step: str


class CheckFile(Record):
    """What `ptyspec check --json` prints."""

    schema_version: Literal[1] = 1
    pipeline: str
    date: str
    tier: str
    status: str
    line: str
    findings: list[Answer]
    does_not_apply: dict[str, list[str]]


class Column(Record):
    """One pipeline on the board.

    - clauses: state by clause; one that is not here does not apply to this pipeline.
    - evidence: what was seen and wanted, or why the clause does not apply.
    """

    engine: str
    title: str
    date: str
    status: str
    badge: str
    clauses: dict[str, str]
    evidence: dict[str, str]


class Scoreboard(Record):
    """engines/results/scoreboard.json."""

    schema_version: Literal[1] = 1
    columns: list[Column]


def answers(findings: Iterable[Finding]) -> list[Answer]:
    """Return findings as JSON holds them."""
    rows = (asdict(one) | {"used": finite(one.used)} for one in findings)
    return [Answer.model_validate(row) for row in rows]


def today() -> str:
    """Return the date of an answer."""
    return datetime.now(UTC).date().isoformat()


def badge(states: Iterable[str]) -> str:
    """Return how many of the clauses that looked at a pipeline hold."""
    looked = [state for state in states if state != "not run"]
    return f"{looked.count('passed')} of {len(looked)} clauses"


def columns(paths: Sequence[Path]) -> list[Column]:
    """Return the pipelines of kept answers and scoreboards, in order; raises InputFileError for another file."""
    found: list[Column] = []
    for path in paths:
        data = read_json(path)
        if isinstance(data, dict) and "columns" in data:
            found += read_document(path, Scoreboard, "scoreboard").columns
        else:
            step = "ptyspec check PIPELINE --json > FILE makes one"
            found.append(_column(read_document(path, CheckFile, "kept check", step)))
    return found


def _column(kept: CheckFile) -> Column:
    aside = {name: why for why, names in kept.does_not_apply.items() for name in names}
    told = {one.clause: observation(one.what, one.observed, one.expected) for one in kept.findings}
    states = {one.clause: one.state.value for one in kept.findings}
    return Column(
        engine=kept.pipeline,
        title=kept.pipeline,
        date=kept.date,
        status=kept.status,
        badge=badge(states.values()),
        clauses=states,
        evidence=aside | told,
    )


def shown(board: Sequence[Column]) -> list[str]:
    """Return the clauses that judge at least one of the pipelines, in the order of the documents."""
    return [name for name in specification() if any(name in one.clauses for one in board)]


def table(board: Sequence[Column], link: Callable[[Column, str], str]) -> Table:
    """Return clauses x pipelines; a clause that does not apply is a dash, and never green.

    `link`: where the evidence of a clause stands; of "" the column's.
    """
    rows: list[list[object]] = []
    for name in shown(board):
        states = [(one, one.clauses.get(name, ASIDE)) for one in board]
        cells = [Mark(MARKS[state], link=link(one, name), hint=state) for one, state in states]
        rows.append([f"{name} {specification()[name].title}", *cells])
    rows.append(["holds", *(Mark(one.badge.partition(" clauses")[0], bold=True) for one in board)])
    return Table(["clause", *(Mark(one.title, link=link(one, "")) for one in board)], rows)
