"""report.json: all that a dashboard says, and what of it is wrong; every number of the page is one of these."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from ptyspec.checks.verdict import Verdict
from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Environment, Number, Setting, StageRecord
from ptyspec.experiments.records import BoardRow
from ptyspec.faults.result import Status as FaultStatus
from ptyspec.report.scoreboard import Column
from ptyspec.spec.clause import PLACES, Level
from ptyspec.spec.finding import State

Severity = Literal["violation", "note"]
PARTLY = "partly run"
COUNTS = (str(State.PASSED), PARTLY, *(str(state) for state in State if state is not State.PASSED))
"""The states that a reader sees counted; what passed in some of its cases alone is counted apart."""


class Wrong(Record):
    """One thing that does not hold, and where the page shows it."""

    kind: Literal["run", "clause", "fault", "audit"]
    of: str
    link: str
    severity: Severity
    clause: str
    stage: str
    what: str
    observed: str
    limit: str


class Used(Record):
    """A quantity and the share of the tolerance that it used; None where it is not finite."""

    what: str
    used: Number


class ClauseRow(Record):
    """A clause and how it stands; margin: the largest share of its tolerance that a case used.

    ran: how many of its cases looked at it (fewer than `cases`: it is partly run); after: the failed
    clause of an earlier stage that this failure may follow from.
    """

    id: str
    title: str
    level: Level
    revision: int
    statement: str
    why: str
    tolerance: str
    place: str
    section: str
    document: str
    source: str
    signatures: list[int]
    state: State
    ran: int
    detail: str
    after: str
    margin: Number
    margins: list[Used]
    cases: int
    outcomes: dict[str, int]
    failed: list[str]
    selectors: list[str]
    last: str

    @property
    def word(self) -> str:
        """The state as it is counted and drawn."""
        partly = self.state is State.PASSED and self.ran < self.cases
        return PARTLY if partly else str(self.state)


def counts(clauses: Iterable[ClauseRow]) -> dict[str, int]:
    """Return how many clauses there are, and how many in each state."""
    found = Counter(row.word for row in clauses)
    return {"clauses": found.total(), **{state: found[state] for state in COUNTS}}


class RunRow(Record):
    """A finished run: what it is, its verdict, its scores beside those of its controls, its stages."""

    key: str
    name: str
    folder: str
    time: str
    recipe: str
    profile: str
    faults: list[str]
    status: Literal["right", "doubtful", "wrong", "incomplete"]
    verdict: Verdict
    scores: dict[str, dict[str, Number]]
    stages: list[StageRecord]
    settings: dict[str, Setting]
    files: dict[str, str]


class FaultRow(Record):
    """A fault in all campaigns; red: clauses that went red, and by how many cases."""

    id: str
    stage: str
    story: str
    status: FaultStatus
    reason: str
    reached: int
    first_red_stage: str | None
    missed: list[str]
    blind_red: list[str]
    red: dict[str, int]
    tiers: list[str]


class Campaign(Record):
    """The campaigns of all tiers as one."""

    files: list[str]
    tiers: list[str]
    killed: int
    valid: int
    kill_rate: Number
    survivors: list[str]
    unkilled: list[str]
    faults: dict[str, FaultRow]


class Report(Record):
    """report.json: the state of the specification, its headline on top."""

    schema_version: Literal[2] = 2
    status: Literal["ok", "violation", "incomplete"]
    headline: dict[str, int | float | None]
    time: str
    wrong: list[Wrong]
    clauses: dict[str, ClauseRow]
    runs: dict[str, RunRow]
    campaign: Campaign | None
    hypotheses: dict[str, BoardRow]
    audits: dict[str, Any] | None
    pipelines: list[Column]
    environment: Environment
    outcomes_from: str


Clauses = Mapping[str, ClauseRow]


def wrong(
    clauses: Clauses,
    runs: Mapping[str, RunRow],
    campaign: Campaign | None,
    audits: Mapping[str, Any] | None,
) -> list[Wrong]:
    """Return everything that does not hold, one entry each: runs, then clauses, faults and audits, by stage.

    `severity` is `violation`, or `note` for what is a SHOULD or a fault that nobody notices.
    """
    made = [*_runs(clauses, runs), *_clauses(clauses), *_faults(campaign)]
    for row in audits["findings"] if audits else ():
        if row["ok"] is False:
            place = clauses[row["clause"]].place if row["clause"] in clauses else "evidence"
            head = ("audit", "", f"#audit-{row['kind']}", "violation", row["clause"], place)
            made.append((*head, row["what"], "broken", row["limit"]))
    rows = [Wrong.model_validate(dict(zip(Wrong.model_fields, row, strict=True))) for row in made]
    kinds = ("run", "clause", "fault", "audit")
    order = {place: at for at, place in enumerate(PLACES)}
    return sorted(
        rows, key=lambda row: (kinds.index(row.kind), row.of, order.get(row.stage, len(order)))
    )


def status(clauses: Clauses, found: list[Wrong]) -> Literal["ok", "violation", "incomplete"]:
    """Return the headline: a violation outweighs missing evidence."""
    if any(row.severity == "violation" for row in found):
        return "violation"
    must = [row for row in clauses.values() if row.level == "MUST"]
    return "incomplete" if any(row.state is not State.PASSED for row in must) else "ok"


def _severity(clause: ClauseRow | None) -> Severity:
    return "violation" if clause is None or clause.level == "MUST" else "note"


def _runs(clauses: Clauses, runs: Mapping[str, RunRow]) -> Iterator[tuple[str, ...]]:
    for key, run in runs.items():
        head = ("run", key, f"#run-{key}")
        for row in run.verdict.failed:
            severity = _severity(clauses.get(row.clause))
            yield (*head, severity, row.clause, row.stage, row.what, row.observed, row.expected)
        for one in run.verdict.doubts:
            yield (*head, "note", "", "score", one.what, one.observed, f"right: {one.expected}")


def _clauses(clauses: Clauses) -> Iterator[tuple[str, ...]]:
    for name, row in clauses.items():
        if row.state in (State.FAILED, State.ERROR):
            seen = f"{row.outcomes.get(row.state, 0)} of {row.cases} cases: {row.state}"
            seen += f"; may follow from {row.after}" if row.after else ""
            head = ("clause", "", f"#clause-{name}", _severity(row), name, row.place)
            yield (*head, row.title, seen, row.tolerance)


def _faults(campaign: Campaign | None) -> Iterator[tuple[str, ...]]:
    for name, row in campaign.faults.items() if campaign else ():
        head = ("fault", "", f"#fault-{name}", "note")
        if row.status == "survived":
            what = f"fault {name} survives: {row.story}"
            seen = f"no clause went red; {row.reached} cases came through it"
            yield (*head, "", row.stage, what, seen, "one red clause")
        for clause in row.blind_red:
            what = f"went red under fault {name}, which is not its matter"
            yield (*head, clause, row.stage, what, "red", "green")
        for clause in row.missed:
            what = f"stays green under fault {name}, which it should notice"
            yield (*head, clause, row.stage, what, "green", "red")
