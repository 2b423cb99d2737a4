"""The verdict of a finished run: right, doubtful, wrong or incomplete, computed once from its folder."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ptyspec.checks import finished
from ptyspec.checks.finished_cause import Cause, cause_of, twin_is_possible
from ptyspec.checks.verdict_limits import AGREEMENT, QUANTITIES
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores.headline import shown
from ptyspec.spec.finding import Finding, State, failed
from ptyspec.spec.registry import specification

Status = Literal["right", "doubtful", "wrong", "incomplete"]
CODES: dict[Status, int] = {"right": 0, "wrong": 1, "incomplete": 4, "doubtful": 5}
"""Exit codes; several runs end with the first of wrong, incomplete, doubtful that one of them is."""
WORST_FIRST: tuple[Status, ...] = ("wrong", "incomplete", "doubtful", "right")
AUDITS = {
    "NORMALIZATION-001": "intensity",
    "SCALE-002": "probe",
    "DATA-007": "probe",
    "COORDS-001": "grouping",
    "COORDS-003": "grouping",
    "INFER-003": "architecture",
}
"""The audit that shows more of a cause; `visual` for the others."""
CAUSE = "cause"
"""What a finding that names a cause is about."""
FOLDER_CLAUSES = ("RUN-001", "RUN-003")
"""Clauses of the folder: where it cannot be read, nothing can be said of the object."""


class Doubt(BaseModel):
    """One quantity that is neither near enough to be right nor far enough off to be wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clause: str
    """The clause that a wrong value would break."""
    what: str
    observed: str
    expected: str
    source: str
    """Where the limit comes from."""


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
    def words(self) -> str:
        """The verdict as tables show it, such as `wrong: STITCH-005 at stitch - the patches are transposed`."""
        return "right" if self.status == "right" else self.line

    @property
    def line(self) -> str:
        """The verdict in one line, with what it rests on."""
        where = f"{self.clause} at {self.stage} - " if self.clause else ""
        return f"{self.status}: {where}{self.cause or self.sentence}"

    @property
    def last_line(self) -> str:
        """The line that a command ends with: the verdict, and where to go on."""
        next_step = "" if self.status == "right" else f"; next: {self.next_step}"
        return f"{self.line}{next_step if self.next_step else ''}"

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
    if any(row.clause == "RUN-001" for row in failed(rows)):
        return _of(failed(rows)[0], "incomplete", {"findings": tuple(rows)})
    beyond, doubts = _quantities(run)
    rows += beyond
    cause = _cause(run, rows, doubts)
    if cause:
        # First of its stage: what a test confirmed comes before what may follow from it.
        rows.insert(
            0,
            Finding(
                cause.clause,
                cause.stage,
                CAUSE,
                cause.words,
                specification()[cause.clause].title,
                State.FAILED,
                next_step=f"ptyspec audit {AUDITS.get(cause.clause, 'visual')} {run.folder}",
            ),
        )
    return _combined(run, rows, doubts, cause)


def worst(verdicts: list[Verdict]) -> Status:
    """Return the status of several runs together."""
    found = {one.status for one in verdicts}
    return next((status for status in WORST_FIRST if status in found), "right")


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
                    clause=quantity.clause,
                    what=quantity.what,
                    observed=f"{value:.3f}",
                    expected=quantity.expected(quantity.right),
                    source=quantity.source,
                )
            )
    return rows, doubts


def _cause(run: FinishedRun, rows: list[Finding], doubts: list[Doubt]) -> Cause | None:
    """Look for a cause where something is off; cheap where nothing is."""
    off = {row.clause for row in failed(rows)} | {one.clause for one in doubts}
    if "NORMALIZATION-001" in off:
        gain = run.stages["normalize"].numbers["gain"]
        ratio = finished.number(run, "amplitude.mean_ratio")
        words = f"the gain stayed in the object: its level is {ratio:.3f}, the gain {gain:.3f}"
        return Cause("NORMALIZATION-001", "normalize", words)
    return cause_of(
        run,
        level=bool(off & {"INFER-005", "SCALE-004"}),
        structure=bool(off & {"INFER-006", "INFER-007", "NET-009"}),
        data="DATA-007" in off,
    )


def _combined(
    run: FinishedRun, rows: list[Finding], doubts: list[Doubt], cause: Cause | None
) -> Verdict:
    broken = failed(rows)
    must = [row for row in broken if specification()[row.clause].level == "MUST"]
    common: dict[str, Any] = {"findings": tuple(rows), "doubts": tuple(doubts)}
    if must and all(row.clause in FOLDER_CLAUSES for row in must):
        return _of(must[0], "incomplete", common)
    if must:
        first = must[0]
        known = cause is not None and (cause.clause, cause.stage) == (first.clause, first.stage)
        return _of(first, "wrong", common, cause.words if cause and known else "")
    if finished.truth_is_known(run) and finished.number(run, "amplitude.mean_ratio") is None:
        why = run.metrics["amplitude"].get("reason") or "no pixel was scored"
        return Verdict(
            status="incomplete",
            sentence=f"an object is known and nothing was scored against it: {why}",
            next_step=f"ptyspec audit canvas {run.folder}",
            **common,
        )
    if broken:
        return _of(broken[0], "doubtful", common, _twin(run))
    if doubts:
        one = doubts[0]
        return Verdict(
            status="doubtful",
            cause=_twin(run),
            sentence=f"{one.what} is {one.observed}, right would be {one.expected}",
            next_step=f"ptyspec audit visual {run.folder}",
            **common,
        )
    return Verdict(
        status="right",
        sentence=_scores(run),
        next_step=f"ptyspec audit visual {run.folder}",
        **common,
    )


def _twin(run: FinishedRun) -> str:
    """Why detail is limited where each pattern is inverted alone and the probe equals its own twin."""
    if run.resolved.scenario.model.gridsize > 1 or not twin_is_possible(run.scan.probeGuess):
        return ""
    mine = finished.number(run, finished.STRUCTURE)
    best = finished.number(run, f"controls.iterative.{finished.STRUCTURE}")
    beside = (
        "" if mine is None or best is None else f": high-pass r {mine:.3f}, reference {best:.3f}"
    )
    return (
        "the probe equals its own twin and each pattern is inverted alone (gridsize 1), so that a "
        f"patch cannot be told from its twin{beside}"
    )


def _scores(run: FinishedRun) -> str:
    """The numbers that a right verdict rests on."""
    ratio = finished.number(run, "amplitude.mean_ratio")
    if ratio is None:
        with_reference = finished.number(run, AGREEMENT)
        r_factor = finished.number(run, "data.r_factor")
        half = finished.number(run, "half_set_frc.network.complex.half_bit_crossing")
        return (
            f"no object is known; amplitude r {shown(with_reference)} with the iterative reference, "
            f"R factor {shown(r_factor)}, half-set FRC {shown(half, 2)}"
        )
    names = {"iterative": "reference", "untrained": "untrained", "trivial": "trivial"}
    beside = ", ".join(
        f"{word} {shown(finished.number(run, f'controls.{name}.{finished.STRUCTURE}'))}"
        for name, word in names.items()
    )
    detail = finished.number(run, finished.STRUCTURE)
    return f"mean ratio {ratio:.3f}, high-pass r {shown(detail)} ({beside})"


def _of(first: Finding, status: Status, common: dict[str, Any], cause: str = "") -> Verdict:
    said = f"{first.what}: {first.observed}; expected: {first.expected}"
    return Verdict(
        status=status,
        clause=first.clause,
        stage=first.stage,
        cause=cause,
        # A cause has said already what was observed.
        sentence=f"the rule: {first.expected}" if first.what == CAUSE else said,
        next_step=first.next_step,
        **common,
    )
