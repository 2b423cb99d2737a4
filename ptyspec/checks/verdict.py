"""The verdict of a finished run: right, doubtful, wrong or incomplete, computed once from its folder."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ptyspec.checks import finished
from ptyspec.checks.verdict_limits import QUANTITIES
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.spec.finding import Finding, State, failed
from ptyspec.spec.registry import specification

Status = Literal["right", "doubtful", "wrong", "incomplete"]
CODES: dict[Status, int] = {"right": 0, "wrong": 1, "incomplete": 4, "doubtful": 5}
"""Exit codes; several runs end with the first of wrong, incomplete, doubtful that one of them is."""
WORST_FIRST: tuple[Status, ...] = ("wrong", "incomplete", "doubtful", "right")
FOLDER_CLAUSES = ("RUN-001", "RUN-003")
"""Clauses of the folder: where it cannot be read, nothing can be said of the object."""


class Doubt(BaseModel):
    """One quantity that is neither near enough to be right nor far enough off to be wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    observed: str
    expected: str
    source: str
    """Where the limit comes from."""
    why: str = ""
    """The reason, where it is known."""


class Verdict(BaseModel):
    """What a finished run is worth.

    Attributes:
        status: right, doubtful, wrong or incomplete (nothing to judge by).
        clause, stage: the first broken clause in the order of stages, and where it shows.
        cause: the reason in words, where it is known.
        sentence: one sentence, computed from values.
        findings: every clause that the run's folder can judge.
        doubts: quantities between right and wrong.
        next_step: the command that shows more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    status: Status
    clause: str = ""
    stage: str = ""
    cause: str = ""
    sentence: str
    findings: tuple[Finding, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    next_step: str = ""

    @property
    def code(self) -> int:
        """The exit code."""
        return CODES[self.status]

    @property
    def failed(self) -> list[Finding]:
        """Broken clauses, the earliest stage first."""
        return failed(self.findings)

    @property
    def line(self) -> str:
        """The verdict in one line, such as `wrong: STITCH-005 at stitch - the patches are transposed`."""
        where = f"{self.clause} at {self.stage} - " if self.clause else ""
        head = self.status if self.status == "right" else f"{self.status}:"
        said = self.cause or self.sentence
        return head if self.status == "right" else f"{head} {where}{said}"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document."""
        return self.model_dump(mode="json")


def verdict_of(run: FinishedRun) -> Verdict:
    """Return the verdict of a finished run, from its folder alone.

    Wrong: a clause that MUST hold is broken, or a quantity lies beyond its wrong limit. Incomplete:
    nothing is broken, and what has to be known is not there. Doubtful: a clause that SHOULD hold is
    broken, or a quantity lies between its limits. Right: none of these.
    """
    rows = finished.findings(run)
    beyond, doubts = _quantities(run) if _readable(rows) else ([], [])
    rows += [row for row in beyond if row.clause not in {one.clause for one in failed(rows)}]
    return _combined(run, rows, doubts)


def worst(verdicts: list[Verdict]) -> Status:
    """Return the status of several runs together."""
    found = {one.status for one in verdicts}
    return next((status for status in WORST_FIRST if status in found), "right")


def _readable(rows: list[Finding]) -> bool:
    return not any(row.clause == "RUN-001" and row.state is State.FAILED for row in rows)


def _quantities(run: FinishedRun) -> tuple[list[Finding], list[Doubt]]:
    """Hold each quantity against its two limits: findings beyond the wrong one, doubts between them."""
    rows, doubts = [], []
    for quantity in QUANTITIES:
        value = quantity.value(run.metrics)
        if value is None or quantity.is_right(value):
            continue
        if quantity.is_wrong(value):
            rows.append(
                Finding(
                    quantity.clause,
                    quantity.stage,
                    quantity.what,
                    f"{value:.3f}",
                    quantity.expected(quantity.wrong),
                    State.FAILED,
                    "metrics.json",
                    next_step=f"ptyspec audit visual {run.folder}",
                )
            )
        else:
            doubts.append(
                Doubt(
                    what=quantity.what,
                    observed=f"{value:.3f}",
                    expected=quantity.expected(quantity.right),
                    source=quantity.source,
                )
            )
    return rows, doubts


def _combined(run: FinishedRun, rows: list[Finding], doubts: list[Doubt]) -> Verdict:
    broken = failed(rows)
    must = [row for row in broken if specification()[row.clause].level == "MUST"]
    unreadable = [row for row in must if row.clause in FOLDER_CLAUSES]
    common: dict[str, Any] = {"findings": tuple(rows), "doubts": tuple(doubts)}
    if must and must != unreadable:
        return _of(must[0] if must[0] not in unreadable else broken[0], "wrong", common)
    if unreadable:
        return _of(unreadable[0], "incomplete", common)
    if finished.truth_is_known(run) and finished.number(run, "amplitude.mean_ratio") is None:
        why = run.metrics["amplitude"].get("reason") or "no pixel was scored"
        return Verdict(
            status="incomplete",
            sentence=f"an object is known and nothing was scored against it: {why}",
            next_step=f"ptyspec audit visual {run.folder}",
            **common,
        )
    if broken:
        return _of(broken[0], "doubtful", common)
    if doubts:
        one = doubts[0]
        return Verdict(
            status="doubtful",
            sentence=f"{one.what} is {one.observed}, right would be {one.expected}",
            next_step=f"ptyspec audit visual {run.folder}",
            **common,
        )
    looked = sum(row.state is State.PASSED for row in rows)
    return Verdict(
        status="right",
        sentence=f"{looked} clauses hold and every quantity lies within its right limit",
        next_step=f"ptyspec compare {run.folder} OTHER",
        **common,
    )


def _of(first: Finding, status: Status, common: dict[str, Any]) -> Verdict:
    return Verdict(
        status=status,
        clause=first.clause,
        stage=first.stage,
        sentence=f"{first.what}: {first.observed}, expected {first.expected}",
        next_step=first.next_step,
        **common,
    )
