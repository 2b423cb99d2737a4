"""What an Allure report says of a case: labels from its clauses, states, observations, and the runs that it looked at.

The only file that imports allure: itself imported where a report is written or a selection by label
is asked for. The adaptor's own plugin (allure-pytest) writes the files.
"""

import inspect
import shlex
import sys
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from ptyspec.contracts.records import StageRecord
from ptyspec.errors import PtyspecError
from ptyspec.files.disk import RUN_MARK
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.render.table import escape, show
from ptyspec.runs.environment import environment
from ptyspec.runs.store import default_root
from ptyspec.spec.clause import LEVELS, Clause
from ptyspec.spec.finding import Finding, State
from ptyspec.testing.allure_site import CATEGORIES
from ptyspec.testing.plugin import Options
from ptyspec.testing.recorder import CLAUSES, FINDINGS, STATES, TELLS

DIRECTORY = "allure_report_dir"
SEVERITIES = {"MUST": "blocker", "SHOULD": "normal", "MAY": "minor"}
CASE = "case id"
"""Parameter that names a case's history; with a blank, for no parameter of a test can be called so."""
PICTURES = {
    "amplitude": "amplitude: truth | reconstruction | error",
    "phase": "phase: truth | reconstruction | error",
    "stages": "stage chain",
    "controls": "beside its controls",
    "training": "training",
    "frc": "ring correlation",
}
"""Figures of a run in the order in which they are looked at, and what a report calls them."""
DATA = ("metrics.json", "stages.json", "history.json", RUN_MARK)
MAX_RUNS = 3
DAMAGED = (PtyspecError, ValueError, KeyError, TypeError, AttributeError)
"""What a run raises that is not whole: cases damage runs, and write parts of them, on purpose."""


def writes(config: pytest.Config) -> bool:
    """Return whether a report is written."""
    return bool(config.getoption(DIRECTORY, None))


def _labels(clauses: Sequence[Clause], case: str) -> dict[str, list[str]]:
    if not clauses:
        return {"document": ["no clause"], "rule": [case.partition("::")[0]]}
    strongest = min((clause.level for clause in clauses), key=LEVELS.index)
    return {
        "document": [clause.document for clause in clauses],
        "rule": [f"{clause.id} · {clause.title}" for clause in clauses],
        "epic": [clause.document for clause in clauses],
        "feature": [clause.section for clause in clauses],
        "story": [clause.title for clause in clauses],
        "tag": [clause.place for clause in clauses],
        "clause": [clause.id for clause in clauses],
        "severity": [SEVERITIES[strongest]],
    }


@cache
def seen(folder: Path) -> tuple[str, tuple[StageRecord, ...]] | None:
    """Return a run's name (scenario, beginning of its key, verdict) and stages; None where it is not whole."""
    from ptyspec.checks.verdict import verdict_of
    from ptyspec.runs.finished_run import FinishedRun

    try:
        run, mark = FinishedRun(folder), read_json(folder / RUN_MARK)
        name = mark.get("name") or (mark.get("scenario") or {}).get("name") or folder.name
        told = f"run of {name} ({folder.name[:8]}): {verdict_of(run).line}"
        return (told, tuple(run.stages.values())) if run.stages else None
    except DAMAGED:
        return None


def tell_run(
    folder: Path, run: tuple[str, tuple[StageRecord, ...]], failed: bool, broken: Collection[str]
) -> None:
    """Add a run's stages as steps of the current case; figures and data if it failed.

    `broken` are the places of the clauses that were violated: these stages carry a cross.
    """
    import allure

    name, stages = run
    with allure.step(name):
        for stage in stages:  # a step such as `normalize · gain 0.24, fits_canvas yes · 0.2 s`
            facts = show({**stage.numbers, **stage.flags})
            parts = filter(None, [stage.name, facts, f"{stage.seconds:.2g} s"])
            with allure.step(f"{'✘ ' if stage.name in broken else ''}{' · '.join(parts)}"):
                for key, array in stage.arrays.items():
                    mean = "no finite value" if array.mean is None else f"mean {array.mean:.6g}"
                    form = f"{array.dtype}{list(array.shape)}"
                    with allure.step(f"{key}: {form}, {mean}, {array.nan_count} NaN"):
                        continue
    if not failed:
        return
    kinds = allure.attachment_type
    named = [(folder / "figures" / f"{name}.png", PICTURES[name], kinds.PNG) for name in PICTURES]
    named += [(folder / name, name, kinds.JSON) for name in DATA]
    for path, name, kind in named:
        if path.is_file():
            allure.attach.file(path, name=name, attachment_type=kind)  # type: ignore[no-untyped-call]


class AllureReport:
    """Hooks, registered where Allure is active."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.config, self.options = config, options
        self.opened = OpenedRuns() if writes(config) else None
        config.stash[TELLS] = self.opened is not None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Label each case by its clauses, before Allure's own plugin selects by label.

        Epic is the document, feature the section, story the title, `clause` the id; the severity is
        that of its strongest clause; tags are the tier (its marker) and the clauses' places.
        `document` and `rule` group the cases in the report: epic and story cannot, of a case with
        two rules each would stand in the section of the other, too. Allure follows whole addresses
        alone, and a report does not know its own: `ptyspec allure` leads the links to the page of
        clauses beside it.
        """
        for item in items:
            clauses = item.stash.get(CLAUSES, ())
            for kind, values in _labels(clauses, item.nodeid).items():
                item.add_marker(pytest.mark.allure_label(*dict.fromkeys(values), label_type=kind))
            for one in clauses:
                name, url = f"{one.id} · {one.title}", f"https://clauses.invalid/#{one.id}"
                item.add_marker(pytest.mark.allure_link(url, link_type="tms", name=name))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Listen to the case, and name its history by its parametrization id.

        Allure makes it of the parameters' values: objects with an address give another history each
        run, and equal values in another order the same one.
        """
        if self.opened is None:
            return
        import allure

        self.opened.start()
        callspec = getattr(item, "callspec", None)
        if callspec is None:
            return
        for name, value in callspec.params.items():
            plain = isinstance(value, str | int | float | bool | None)
            shown = value if plain else type(value).__name__
            allure.dynamic.parameter(name, shown, excluded=True)
        allure.dynamic.parameter(CASE, callspec.id)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Write the case's page, the stages of the runs it looked at, and their figures if it failed."""
        report = yield
        ended = report.when == "call" or (report.when == "setup" and not report.passed)
        if self.opened is not None and ended:
            given = (one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Path))
            runs = [folder for folder in given if (folder / RUN_MARK).is_file()]
            folders = dict.fromkeys([*runs, *self.opened.stop()])
            self._describe(item, passed=report.passed)
            clauses, states = item.stash.get(CLAUSES, ()), item.stash.get(STATES, {})
            # The stages of the clauses that failed in the case; of all its clauses where none did.
            failed = {one.place for one in clauses if states.get(one.id) is State.FAILED}
            broken = (failed or {one.place for one in clauses}) if report.failed else set()
            whole = [(folder, run) for folder in folders if (run := seen(folder))]
            for folder, run in whole[:MAX_RUNS]:
                tell_run(folder, run, report.failed, broken)
        return report

    def _describe(self, item: pytest.Item, passed: bool) -> None:
        import allure

        from ptyspec.spec.cases import name_of
        from ptyspec.spec.checks import reproduction

        told = inspect.getdoc(getattr(item, "function", None)) or ""
        states, found = item.stash.get(STATES, {}), item.stash.get(FINDINGS, {}).values()
        faults = self.options.faults.replace(", ", ",")
        line = f"PTYSPEC_FAULT={shlex.quote(faults)} " if faults else ""
        line += reproduction(name_of(item), self.options.changes)
        clauses = item.stash.get(CLAUSES, ())
        text = case_page(told, clauses, states, found, line, passed=passed)
        allure.dynamic.description(text)  # type: ignore[no-untyped-call]
        for name, state in states.items():
            allure.dynamic.label("state", f"{name}: {state}")  # type: ignore[no-untyped-call]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write what belongs to the whole report; workers have ended, and only the controller writes."""
        if not writes(self.config) or hasattr(self.config, "workerinput"):
            return
        folder = Path(self.config.getoption(DIRECTORY)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "categories.json", list(CATEGORIES))
        found, subject = environment({}), self.options.subject or "the reference pipeline"
        rows = {**found.pop("versions"), **found, "subject": subject}
        facts = "".join(f"{key} = {show(value)}\n" for key, value in rows.items() if value)
        text = facts.replace("\\", "\\\\")  # as Java reads it
        (folder / "environment.properties").write_text(text, encoding="utf-8")


MAX_ROWS, LONG = 12, 400


def case_page(
    told: str,
    clauses: Sequence[Clause],
    states: Mapping[str, State],
    findings: Iterable[Finding],
    reproduce: str,
    *,
    passed: bool,
) -> str:
    """Return the case's description as Markdown; `told` is its own docstring.

    A passed case shows what held: what it saw fail on purpose is its business. Text that tests
    supply is escaped.
    """
    rows = [one for one in findings if one.state is State.PASSED or not passed]
    parts = [escape(told, LONG)] if told else []
    for clause in clauses:
        place = f"{clause.level}, stage {clause.place}, {escape(clause.source)}"
        name = f"**{clause.id}: {states.get(clause.id, State.NOT_RUN)}**"
        parts += [
            f"{name} · {escape(clause.title)} ({place})",
            f"> {escape(clause.statement, 2 * LONG)}",
            f"Tolerance: {escape(clause.tolerance, LONG)}",
        ]
    if rows:
        parts.append("\n".join(_observations(rows, several=len({one.clause for one in rows}) > 1)))
    return "\n\n".join([*parts, f"Reproduce:\n\n```sh\n{reproduce}\n```"])


def _observations(rows: Sequence[Finding], several: bool) -> Iterator[str]:
    """Lines, not a table: Allure cuts a table off at the right, where the tolerance stands."""
    first = sorted(rows, key=lambda one: (one.state is State.PASSED, -(one.used or 0.0)))[:MAX_ROWS]
    for one in first:
        mark = "✔" if one.state is State.PASSED else "✘"
        name = f"{one.clause} · " if several else ""
        facts = f"observed **{escape(one.observed)}**, expected **{escape(one.expected)}**"
        share = "" if one.used is None else f", {one.used:.1%} of the tolerance used"
        yield f"- {mark} {name}{escape(one.what)}: {facts}{share}"
    if len(rows) > len(first):
        yield f"- and {len(rows) - len(first)} more that held"


class OpenedRuns:
    """Collects the folders of runs of which a case opened a file, between `start` and `stop`.

    Runs are made once and shared, by caches of a process too, so that the call that made a run tells
    nothing about who used it; opening its files does. The interpreter's audit events tell of every
    file that is opened. An audit hook stays for the life of a process, so it is set only where a
    report is written. The store is the one of the moment in which this was made.
    """

    def __init__(self) -> None:
        self.shelf = str(default_root() / "runs")
        self.folders: dict[Path, None] = {}
        self.watching = False
        sys.addaudithook(self._hear)

    def start(self) -> None:
        """Forget what was opened, and watch."""
        self.folders, self.watching = {}, True

    def stop(self) -> list[Path]:
        """Return the folders of finished runs of which a file was opened for reading, in that order."""
        self.watching = False
        return [folder for folder in self.folders if (folder / RUN_MARK).is_file()]

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        name = arguments[0] if self.watching and event == "open" else None
        ours = isinstance(name, str) and name.startswith(self.shelf)
        if ours and str(name).endswith((".json", ".npz", ".md")):
            self.folders[Path(str(name)).parent] = None
