"""`ptyspec.check`: what the clauses say of a pipeline, which of them judged it, and why the others did not."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ptyspec.front.run import Changes, begin, settings_of, told_by
from ptyspec.front.shown import Shown

if TYPE_CHECKING:
    from pathlib import Path

    from ptyspec.contracts.scenario import Scenario
    from ptyspec.pipeline.box import BlackBox
    from ptyspec.pipeline.protocol import Pipeline, Progress
    from ptyspec.render.table import Table
    from ptyspec.runs.limits import Limits
    from ptyspec.spec.finding import Finding

Tier = Literal["quick", "full"]
SECOND = {"object": 7, "scan": 7, "noise": 7}
"""Seeds of the second scene."""
NAMED = 12
"""Clauses that a line names before it counts the others."""


class Results(Shown, list["Finding"]):
    """One finding a clause that was asked, the broken ones first.

    - aside: the clauses that did not judge this pipeline, by reason: they are no part of any verdict.
    - subject: what was looked at, a pipeline or a scan; said: what was decided about it on the way;
      lengths: a scan in units of length, where its file states them.
    """

    def __init__(
        self,
        findings: "Iterable[Finding]" = (),
        aside: Mapping[str, Collection[str]] | None = None,
        subject: str = "pipeline",
        said: Iterable[str] = (),
        lengths: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(findings)
        self.aside, self.subject, self.said = dict(aside or {}), subject, list(said)
        self.lengths = dict(lengths or {})

    def _tables(self) -> "list[Table]":
        from ptyspec.render.table import Table, observation

        rows = [
            (one.clause, one.stage, one.state.value, observation(one.what, one.observed))
            for one in self
        ]
        return [Table(("clause", "stage", "state", "what was seen"), rows, numbers=False)]

    @property
    def code(self) -> int:
        """0: everything that was looked at holds; 1: a MUST is broken; 3: a check could not be made; 4: too little was looked at; 5: of a scan, a SHOULD is broken."""
        return {"right": 0, "wrong": 1, "error": 3, "incomplete": 4, "doubtful": 5}[self.status]

    @property
    def status(self) -> str:
        """right, wrong, error (a check could not be made), or incomplete (nothing passed, or a MUST was not run)."""
        from ptyspec.spec.clause import specification
        from ptyspec.spec.finding import State

        must = [one.state for one in self if specification()[one.clause].level == "MUST"]
        if State.FAILED in must:
            return "wrong"
        if State.ERROR in must:
            return "error"
        if self.subject == "scan" and any(one.ok is False for one in self):
            return "doubtful"
        return "right" if must and set(must) == {State.PASSED} else "incomplete"

    @property
    def line(self) -> str:
        """The verdict in one line: the first broken clause, and how many clauses judge this pipeline."""
        from ptyspec.render.table import observation
        from ptyspec.spec.clause import specification
        from ptyspec.spec.finding import State

        known = specification()
        judged = [one for one in self if one.state is not State.NOT_RUN]
        must = sum(known[one.clause].level == "MUST" for one in judged)
        counts = Counter(one.state.value for one in self)
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        first = self[0] if self else None
        where = ""
        if first is not None and first.ok is not True:
            wanted = first.expected if first.ok is False else ""
            said = observation(first.what, first.observed, wanted)
            where = f"{first.clause} at {first.stage} - {said}; "
        whole = f"{len(judged)} of {len(known)} clauses judge this {self.subject} ({must} MUST)"
        return f"{self.status}: {where}{whole}: {told or 'nothing was asked'}"

    def reasons(self) -> Iterator[str]:
        """Yield one line a reason for which clauses do not apply."""
        for reason, names in self.aside.items():
            first = [*names][:NAMED]
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            yield f"{len(names)} do not apply, {reason}: {', '.join(first)}{more}"


def check(
    pipeline: "Pipeline | type[Pipeline] | BlackBox | str | None",
    scenario: "str | Scenario" = "gs1_custom",
    *,
    profile: str | None = "quick",
    set: Changes | None = None,
    clauses: Collection[str] | None = None,
    tier: Tier = "quick",
    seconds: float | None = None,
    memory: float | None = None,
    progress: "Progress | bool" = False,
) -> Results:
    """Return what the clauses say of a pipeline, one finding a clause; pytest is not needed.

    Args:
        pipeline: an instance, a class, a function `reconstruct(scan, settings)`, MODULE:ATTR, a command in a process of
            its own as `cmd:python mine.py`, or None for the reference.
        scenario: what its stages are given; a black box is asked about a scan of its own.
        profile: size of a shipped scenario.
        set: settings by dotted key.
        clauses: only these.
        tier: "quick" asks about one scene and trains nothing. "full" trains the stages, and asks about a second scene: other
            seeds, and for a black box an area that is not square, so that x and y cannot stand for each other.
        seconds: longest time of one answer of a process, 600 if None.
        memory: largest memory of a process and its children, 10^9 bytes; three quarters of this machine's if None.
        progress: True shows on stderr how far it is.
    """
    begin()
    from ptyspec.checks.judge import judge as judged
    from ptyspec.checks.judge import outputs_of
    from ptyspec.checks.reach import beyond
    from ptyspec.pipeline.protocol import Progress
    from ptyspec.pipeline.reference import ReferencePipeline
    from ptyspec.runs.pipelines import maker
    from ptyspec.runs.request import request

    if isinstance(scenario, str):
        scenario = request(scenario, profile=profile, settings=settings_of(set)).scenario
    asked = None if clauses is None else _known(clauses)
    given: Any = pipeline or ReferencePipeline
    if isinstance(pipeline, str):
        given = maker(pipeline, limits_of(seconds, memory))()
    given = given() if isinstance(given, type) else given
    step, trains = (told_by(progress) or Progress()).step, tier == "full"
    try:
        outputs = outputs_of(given, scenario)
        findings = judged(outputs, asked, trains=trains, progress=step)
        if tier == "full":
            again = judged(_second(given, scenario), asked, trains=False, progress=step)
            findings += [replace(one, what=f"{one.what}, second scene") for one in again]
    finally:
        getattr(given, "close", lambda: None)()
    aside = beyond(outputs, findings, trains=trains)
    if asked is not None:
        kept = {reason: [one for one in names if one in asked] for reason, names in aside.items()}
        aside = {reason: tuple(names) for reason, names in kept.items() if names}
    return _sorted(findings, aside)


def check_scan(
    target: "Path | str",
    *,
    set: Changes | None = None,
    orientation: bool = True,
    out: "Path | None" = None,
) -> Results:
    """Return what the clauses SCAN-... say of a measured scan, as a run would use it; nothing is trained.

    Args:
        target: a scan's file.
        set: settings by dotted key, such as {"scan.orientation": "auto"}.
        orientation: also try the eight orientations of the positions, which takes seconds.
        out: a folder that receives a page with pictures, check-scan.html.

    Raises PtyspecError for a file that cannot be read.
    """
    begin()
    from ptyspec.checks.preflight import accepting, preflight
    from ptyspec.errors import ConfigError
    from ptyspec.files.disk import check_place
    from ptyspec.physics.scan_facts import ScanFacts
    from ptyspec.pipeline.simulate import measured
    from ptyspec.report.lengths import lengths
    from ptyspec.runs.request import request

    if out is not None:
        # half a second of imports that only the page needs
        from ptyspec.report.scan_page import is_scan_page, write_scan_page

        check_place(out, "the page of a scan", is_scan_page)
    scenario = request(str(target), settings=settings_of(set)).scenario
    if not scenario.measured:
        what, step = "this is no measured scan", "name its file"
        raise ConfigError(what, value=target, source="check-scan", next_step=step)
    facts = ScanFacts(measured(scenario))
    rows = accepting(preflight(facts, orientation=orientation), scenario.scan.accept)
    said = facts.scan.metadata.get("warnings") or ()
    found = Results(_sorted(rows, {}), {}, "scan", said, lengths(facts))
    if out is not None:
        told: Any = {"status": found.status, "line": found.line, "said": found.said}
        write_scan_page(out, scenario.name, facts, found, **told)
    return found


def limits_of(seconds: float | None, memory: float | None) -> "Limits":
    """Return the limits of a process; memory in 10^9 bytes."""
    from ptyspec.runs.limits import SECONDS, Limits

    most = None if memory is None else memory * 1e9
    return Limits(SECONDS if seconds is None else seconds, most)


def _known(clauses: Collection[str]) -> list[str]:
    """Return ids as they are; raises UnknownClauseError for one that no document has."""
    from ptyspec.spec.clause import specification

    return [specification()[name].id for name in clauses]


def _second(pipeline: Any, scenario: "Scenario") -> Any:
    """Return what checks look at, of the second scene."""
    from ptyspec.checks.box import WIDE, box_of
    from ptyspec.checks.judge import outputs_of
    from ptyspec.runs.pipelines import is_box

    if is_box(pipeline):
        words = [f"seeds.{name}={value}" for name, value in SECOND.items()]
        return box_of(pipeline, [*WIDE, *words], upper=0.5)
    seeds = scenario.seeds.model_copy(update=SECOND)
    return outputs_of(pipeline, scenario.model_copy(update={"seeds": seeds}))


def _sorted(findings: "Iterable[Finding]", aside: Mapping[str, Collection[str]]) -> Results:
    """One finding a clause, the broken ones first and those in the order of stages."""
    from ptyspec.spec.clause import PLACES
    from ptyspec.spec.finding import State, worst

    rows: dict[str, list[Finding]] = {}
    for one in findings:
        rows.setdefault(one.clause, []).append(one)
    said = []
    for found in rows.values():
        state = worst(one.state for one in found)
        said.append(next(one for one in found if one.state is state))
    order = [State.FAILED, State.ERROR, State.NOT_REACHED, State.NOT_RUN, State.PASSED]
    said.sort(key=lambda one: (order.index(one.state), PLACES.index(one.stage)))
    return Results(said, aside)
