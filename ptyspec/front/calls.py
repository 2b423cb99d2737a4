"""`ptyspec.compare`, `check`, `explain`, `judge`, `fault`, `read_scan`: each calls the room that does the work."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ptyspec.front.run import Changes, Run, begin, settings_of, told_by

if TYPE_CHECKING:
    from ptyspec.contracts.bundles import RawScan
    from ptyspec.contracts.scenario import Scenario
    from ptyspec.experiments.judge import Judgement
    from ptyspec.explanations.explanation import Explanation
    from ptyspec.pipeline.box import BlackBox
    from ptyspec.pipeline.protocol import Pipeline, Progress
    from ptyspec.render.table import Table
    from ptyspec.report.comparison import Comparison
    from ptyspec.runs.limits import Limits
    from ptyspec.spec.finding import Finding


class _Shown(ABC):
    """Something that a terminal shows as text and a notebook as HTML."""

    @abstractmethod
    def _tables(self) -> "list[Table]": ...

    def __repr__(self) -> str:
        from ptyspec.front.view import plain

        return plain(*self._tables())

    def _repr_html_(self) -> str:
        from ptyspec.front.view import headed

        return headed(self._tables())


class Compared(_Shown):
    """Finished runs side by side; `document` holds everything, a notebook shows the tables."""

    def __init__(self, document: "Comparison") -> None:
        self.document = document

    def _tables(self) -> "list[Table]":
        from ptyspec.report.comparison_page import tables

        return tables(self.document)


class Results(_Shown, list["Finding"]):
    """One finding a clause, the broken ones first; clauses that look elsewhere have none and are counted apart."""

    def _tables(self) -> "list[Table]":
        from ptyspec.render.table import Table

        rows = [(one.clause, one.stage, one.state.value, one.what, one.observed) for one in self]
        return [Table(("clause", "stage", "state", "what", "observed"), rows, numbers=False)]

    @property
    def code(self) -> int:
        """0: everything that was looked at holds; 1: a MUST is broken; 3: a check could not be made; 4: too little was looked at."""
        return {"right": 0, "wrong": 1, "error": 3, "incomplete": 4}[self.status]

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
        return "right" if must and set(must) == {State.PASSED} else "incomplete"

    @property
    def line(self) -> str:
        """The verdict in one line: the first broken clause, and how many clauses judge this pipeline."""
        from ptyspec.spec.clause import specification

        counts = Counter(one.state.value for one in self)
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        whole = len(specification())
        first = self[0] if self else None
        where = ""
        if first is not None and first.ok is not True:
            where = f"{first.clause} at {first.stage} - {first.what}: {first.observed}"
            where += f", wanted {first.expected}; " if first.ok is False else "; "
        return f"{self.status}: {where}{len(self)} of {whole} clauses judge this pipeline: {told}"


def compare(*runs: Run | Path | str) -> Compared:
    """Return two or more finished runs side by side: scores, settings that differ, stages. Nothing is run.

    A run is a `Run`, its folder, its key, or the words that `run` takes. Raises PtyspecError for a run that is not
    finished or is damaged.
    """
    begin()
    from ptyspec.report.comparison import comparison
    from ptyspec.report.comparison import runs as named
    from ptyspec.runs.run_spec import Options

    targets = [str(one.folder if isinstance(one, Run) else one) for one in runs]
    return Compared(comparison(named(targets, Options())))


def check(
    pipeline: "Pipeline | type[Pipeline] | BlackBox | str | None",
    scenario: "str | Scenario" = "gs1_custom",
    *,
    profile: str | None = "quick",
    set: Changes | None = None,
    clauses: Collection[str] | None = None,
    trains: bool = True,
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
        trains: False leaves out the clauses that need a trained network.
        seconds: longest time of one answer of a process, 600 if None.
        memory: largest memory of a process and its children, 10^9 bytes; three quarters of this machine's if None.
        progress: True shows on stderr how far it is.
    """
    begin()
    from ptyspec.checks.judge import judge as judged
    from ptyspec.checks.judge import outputs_of
    from ptyspec.pipeline.protocol import Progress
    from ptyspec.pipeline.reference import ReferencePipeline
    from ptyspec.runs.pipelines import maker
    from ptyspec.runs.request import request

    if isinstance(scenario, str):
        scenario = request(scenario, profile=profile, settings=settings_of(set)).scenario
    given: Any = pipeline or ReferencePipeline
    if isinstance(pipeline, str):
        given = maker(pipeline, _limits(seconds, memory))()
    given = given() if isinstance(given, type) else given
    step = (told_by(progress) or Progress()).step
    try:
        outputs = outputs_of(given, scenario)
        return _sorted(judged(outputs, clauses, trains=trains, progress=step))
    finally:
        getattr(given, "close", lambda: None)()


def _limits(seconds: float | None, memory: float | None) -> "Limits":
    from ptyspec.runs.limits import SECONDS, Limits

    most = None if memory is None else memory * 1e9
    return Limits(SECONDS if seconds is None else seconds, most)


def _sorted(findings: "Iterable[Finding]") -> Results:
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
    return Results(said)


def judge(hypothesis: str, *, processes: int = 2) -> "Judgement":
    """Return the verdict on a hypothesis; its runs are made where the store has none."""
    begin()
    from ptyspec.experiments.judge import judge as judged

    return judged(hypothesis, processes=processes)


def fault(*names: str) -> AbstractContextManager[Any]:
    """Make the package wrong in a known way while a `with` block lasts; `ptyspec faults list` names the ways."""
    begin()
    from ptyspec.faults.apply import applied

    return applied(*names)


def read_scan(path: Path | str, **how: Any) -> "RawScan":
    """Return the scan of an NPZ or CXI file; `how`: `measurement`, `probe` (a file's path), as in files.scan_file."""
    begin()
    from ptyspec.files.scan_file import read_scan as read

    return read(Path(path), **how)


CLAUSE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}")


class Explained:
    """What was found between two runs; `document` holds everything, a notebook shows the story."""

    def __init__(self, document: "Explanation") -> None:
        self.document = document

    def __repr__(self) -> str:
        from ptyspec.explanations.explain import story

        return story(self.document)

    def _repr_markdown_(self) -> str:
        return repr(self)


def explain(
    good: Run | Path | str | Mapping[str, Any],
    bad: Run | Path | str | Mapping[str, Any],
    symptom: str,
    *,
    pipeline: Any = None,
    profile: str | None = None,
    seed: int | None = None,
    set: Changes | None = None,
    budget: int | None = None,
    repeats: int = 3,
    processes: int = 2,
    seconds: float | None = None,
    memory: float | None = None,
    progress: "Progress | bool" = True,
) -> Explained:
    """Return what makes `bad` show a symptom that `good` does not: the stage, and the smallest set of differences.

    Args:
        good, bad: finished runs, or the words that `run` takes; profile, seed and set are for words.
        symptom: such as "amplitude.mean_ratio < 0.9", or the id of a clause.
        pipeline: as in `check`. Then good and bad are its own settings: YAML or JSON files, or dictionaries; profile,
            seed and set change the scan that it is asked about.
        budget: at most so many runs in the search.
        repeats: other training seeds with which each claim is confirmed.
        processes: runs at a time; of a pipeline in this process always one.
        seconds, memory: as in `check`.
        progress: True tells of each run on stderr; or an object that is told.

    Every run is kept in the store: an interrupted search goes on where it was. Where nothing names the pipeline's code
    (a command, a notebook), answers are kept for as long as the search lasts. Raises PtyspecError where `good` shows
    the symptom, `bad` does not, or nothing differs.
    """
    begin()
    from ptyspec.explanations.explain import Question, explain
    from ptyspec.explanations.search import read_symptom
    from ptyspec.pipeline.protocol import Progress
    from ptyspec.runs.run_spec import Options
    from ptyspec.spec.clause import specification

    tell, asked = (told_by(progress) or Progress()).message, symptom.strip()
    clause = specification()[asked].id if CLAUSE.fullmatch(asked) else None
    sign = clause or read_symptom(asked)
    options = Options(profile=profile, seed=seed, settings=settings_of(set))
    if pipeline is not None:
        from ptyspec.explanations.own_bench import OwnBench

        names = [str(side) if isinstance(side, str | Path) else "" for side in (good, bad)]
        question = Question(names[0] or "good", names[1] or "bad", asked)
        sides = cast("Any", good), cast("Any", bad)
        limits = _limits(seconds, memory)
        with OwnBench(pipeline, *sides, sign, options, processes, tell, limits) as own:
            return Explained(explain(own, question, budget, repeats))
    from ptyspec.explanations.laboratory import ClauseBench, Laboratory
    from ptyspec.faults import catalogue
    from ptyspec.front.checkout import checkout
    from ptyspec.runs.run_spec import run_specs

    words = str(getattr(good, "folder", good)), str(getattr(bad, "folder", bad))
    question = Question(*words, asked)
    first, second = run_specs(words, options, faults=catalogue.names())
    if not isinstance(sign, str):
        with Laboratory(first, second, sign, processes, tell) as lab:
            return Explained(explain(lab, question, budget, repeats))
    tell(f"collecting the cases of {sign}")
    bench = ClauseBench(checkout(None), sign, first, second, processes, tell)
    bench.narrow()
    return Explained(explain(bench, question, budget, repeats))
