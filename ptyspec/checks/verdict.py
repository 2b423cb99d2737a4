"""The verdict of a finished run: right, doubtful, wrong or incomplete, computed once from its folder."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ptyspec.checks import finished
from ptyspec.checks.finished_cause import Cause, cause_of, reasons_of, twin_is_possible
from ptyspec.checks.preflight import accepting, preflight
from ptyspec.checks.verdict_limits import (
    AGREEMENT,
    DETAIL,
    LEVEL,
    STRUCTURE,
    Quantity,
    levels,
    within,
)
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores.headline import lookup, shown
from ptyspec.spec.checks import limits
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State, failed

Status = Literal["right", "doubtful", "wrong", "incomplete"]
CODES: dict[Status, int] = {"right": 0, "wrong": 1, "incomplete": 4, "doubtful": 5}
"""Exit codes; several runs end with the first of wrong, incomplete, doubtful that one of them is."""
WORST_FIRST: tuple[Status, ...] = ("wrong", "incomplete", "doubtful", "right")
CAUSE = "cause"
"""What a finding that names a cause is about."""


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

    `clause` and `stage`: the first broken clause in the order of stages, and where it shows. `cause`: the reason, where
    it is known; `sentence` is computed from values. `findings`: every clause that the run's folder can judge;
    `doubts`: quantities between right and wrong. `reasons`: why a measured scan may have come out so, the likeliest
    first, each with the figures that speak for it. `next_step`: the command that shows more.
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
    reasons: tuple[str, ...] = ()
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
        likely = f"; likely: {self.reasons[0]}" if self.reasons and not self.cause else ""
        return f"{self.status}: {where}{self.cause or self.sentence}{likely}"

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
    checked = [*_before(run), *finished.findings(run)]
    unreadable = [row for row in checked if row.clause == "RUN-001"]
    if unreadable:
        return _of(unreadable[0], "incomplete", {"findings": tuple(checked)})
    level, doubts = _held(run, levels())
    beyond, more = _held(run, STRUCTURE)
    rows, doubts = [*level, *checked, *beyond], [*doubts, *more]
    cause = _cause(run, rows, doubts)
    if cause:
        title, more_of = specification()[cause.clause].title, finished.next_step(cause.clause, run)
        told = (cause.clause, cause.stage, CAUSE, cause.words, title, State.FAILED)
        # First of its stage: what a test confirmed comes before what may follow from it.
        rows.insert(0, Finding(*told, next_step=more_of))
    broken = failed(rows)
    must = [row for row in broken if specification()[row.clause].level == "MUST"]
    common: dict[str, Any] = {"findings": tuple(rows), "doubts": tuple(doubts)}
    if run.setting("scan.kind") == "measured" and (broken or doubts):
        off = {row.clause for row in broken} | {one.clause for one in doubts}
        common["reasons"] = tuple(reasons_of(run, off))
    if must:
        first = must[0]
        known = cause is not None and (cause.clause, cause.stage) == (first.clause, first.stage)
        return _of(first, "wrong", common, cause.words if cause and known else "")
    known = run.metrics.get("amplitude") is not None and _unknown(run) != "no truth"
    if known and lookup(run.metrics, LEVEL) is None:
        return Verdict(
            status="incomplete",
            sentence=f"an object is known and nothing was scored against it: {_unknown(run)}",
            next_step=f"ptyspec audit canvas {run.folder}",
            **common,
        )
    if broken:
        return _of(broken[0], "doubtful", common, _twin(run))
    common["next_step"] = f"ptyspec audit visual {run.folder}"
    if doubts:
        one = doubts[0]
        sentence = f"{one.what} is {one.observed}, right would be {one.expected}"
        return Verdict(status="doubtful", cause=_twin(run), sentence=sentence, **common)
    return Verdict(status="right", sentence=_scores(run), **common)


def worst(verdicts: list[Verdict]) -> Status:
    """Return the status of several runs together."""
    found = {one.status for one in verdicts}
    return next((status for status in WORST_FIRST if status in found), "right")


def _before(run: FinishedRun) -> list[Finding]:
    """What a measured scan shows by itself; not its orientation, which `cause_of` looks at where something is off."""
    if run.setting("scan.kind") != "measured":
        return []
    return accepting(preflight(run.scan, orientation=False), str(run.setting("scan.accept") or ""))


def _held(run: FinishedRun, quantities: tuple[Quantity, ...]) -> tuple[list[Finding], list[Doubt]]:
    """Hold each quantity that the run has against its ranges."""
    rows, doubts = [], []
    for one in quantities:
        value = one.value(run.metrics)
        if value is None and one.needed and "amplitude" not in run.metrics:
            unknown = {"observed": "not known", "expected": limits(*one.right) + one.why}
            doubts.append(Doubt(clause=one.clause, what=one.what, source=one.source, **unknown))
            continue
        if value is None:
            if one.clause == "INFER-005":  # its absence is told, for no clause stands for it
                told = (one.clause, one.stage, one.what, _unknown(run), limits(*one.right))
                rows.append(Finding(*told, State.NOT_RUN, one.place))
            continue
        right, wrong = within(value, one.right), not within(value, one.allowed)
        observed = f"{value:.3f}"
        expected = limits(*(one.allowed if wrong else one.right)) + one.why
        if right or wrong:
            state = State.FAILED if wrong else State.PASSED
            said = (one.clause, one.stage, one.what, observed, expected, state, one.place)
            rows.append(Finding(*said, next_step=finished.next_step(one.clause, run)))
        else:
            doubted = {"clause": one.clause, "what": one.what, "source": one.source}
            doubts.append(Doubt(observed=observed, expected=expected, **doubted))
    return rows, doubts


def _unknown(run: FinishedRun) -> str:
    """Why nothing was scored against a truth."""
    scores = run.metrics.get("amplitude")
    return "no object is known" if scores is None else scores.get("reason") or "no pixel was scored"


def _cause(run: FinishedRun, rows: list[Finding], doubts: list[Doubt]) -> Cause | None:
    """Look for a cause where something is off; cheap where nothing is."""
    off = {row.clause for row in failed(rows)} | {one.clause for one in doubts}
    if "NORMALIZATION-001" in off:
        gain, ratio = run.stages["normalize"].numbers["gain"], lookup(run.metrics, LEVEL)
        words = f"the gain stayed in the object: its level is {ratio:.3f}, the gain {gain:.3f}"
        return Cause("NORMALIZATION-001", "normalize", words)
    return cause_of(
        run,
        level=bool(off & {"INFER-005", "SCALE-004"}),
        structure=bool(off & {"INFER-006", "INFER-007", "NET-009"}),
        data="DATA-007" in off,
    )


def _twin(run: FinishedRun) -> str:
    """Why detail is limited where each pattern is inverted alone and the probe equals its own twin."""
    if run.resolved.scenario.model.gridsize > 1 or not twin_is_possible(run.scan.probeGuess):
        return ""
    mine, best = (lookup(run.metrics, f"{of}{DETAIL}") for of in ("", "controls.iterative."))
    known = mine is not None and best is not None
    beside = f": high-pass r {mine:.3f}, reference {best:.3f}" if known else ""
    return (
        "the probe equals its own twin and each pattern is inverted alone (gridsize 1), so that a "
        f"patch cannot be told from its twin{beside}"
    )


def _scores(run: FinishedRun) -> str:
    """The numbers that a right verdict rests on."""

    def score(path: str, digits: int = 3) -> str:
        return shown(lookup(run.metrics, path), digits)

    if lookup(run.metrics, LEVEL) is None:
        return (
            f"no object is known; amplitude r {score(AGREEMENT)} with the iterative reference, "
            f"R factor {score('data.r_factor')}, half-set FRC "
            f"{score('half_set_frc.network.complex.half_bit_crossing', 2)}"
        )
    names = {"iterative": "reference", "untrained": "untrained", "trivial": "trivial"}
    beside = [f"{word} {score(f'controls.{name}.{DETAIL}')}" for name, word in names.items()]
    return f"mean ratio {score(LEVEL)}, high-pass r {score(DETAIL)} ({', '.join(beside)})"


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
