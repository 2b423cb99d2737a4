"""What an Allure report says of a case: labels from its clauses, steps from a run's stages, evidence of a failure.

The only file that imports allure, and only where a report is written or a selection by label is asked for: otherwise
every function here returns at once. The adaptor's own plugin (allure-pytest) writes the files.
"""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.files.disk import RUN_MARK
from ptyspec.spec.clause import LEVELS, Clause
from ptyspec.spec.finding import State
from ptyspec.testing.allure_categories import CATEGORIES
from ptyspec.testing.allure_page import case_page, clause_url
from ptyspec.testing.allure_steps import facts, headlines
from ptyspec.testing.opened_runs import OpenedRuns
from ptyspec.testing.recorder import CLAUSES, FINDINGS, STATES, TELLS

DIRECTORY = "allure_report_dir"
SELECTIONS = (
    "allure_epics",
    "allure_features",
    "allure_stories",
    "allure_severities",
    "allure_ids",
    "allure_labels",
)
SEVERITIES = {"MUST": "blocker", "SHOULD": "normal", "MAY": "minor"}
CASE = "case id"
"""Parameter that names a case's history; with a blank, for no parameter of a test can have this name."""
PICTURES = {
    "amplitude": "amplitude: truth | reconstruction | error",
    "phase": "phase: truth | reconstruction | error",
    "stages": "stage chain",
    "controls": "beside its controls",
    "training": "training",
    "frc": "ring correlation",
}
"""Figures of a run in the order in which they are looked at, and what they are called in a report."""
DATA = ("metrics.json", "stages.json", "history.json", "scenario.json")
MAX_RUNS = 3


def active(config: pytest.Config) -> bool:
    """Return whether a report is written, or cases are chosen by Allure's labels."""
    return any(config.getoption(name, None) for name in (DIRECTORY, *SELECTIONS))


def writes(config: pytest.Config) -> bool:
    """Return whether a report is written."""
    return bool(config.getoption(DIRECTORY, None))


def label_items(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Label each case by its clauses: epic the document, feature the section, story the title, `clause` the id.

    The severity is that of its strongest clause; tags are the tier (its marker) and the clauses' places.
    """
    if not active(config):
        return
    from allure_commons.types import LabelType, LinkType

    for item in items:
        clauses = item.stash.get(CLAUSES, ())
        for kind, names in tree(clauses, item.nodeid).items():
            item.add_marker(pytest.mark.allure_label(*names, label_type=kind))
        if not clauses:
            continue
        labels: dict[str, Iterator[str]] = {
            LabelType.EPIC: (clause.document for clause in clauses),
            LabelType.FEATURE: (clause.section for clause in clauses),
            LabelType.STORY: (clause.title for clause in clauses),
            LabelType.TAG: (clause.place for clause in clauses),
            "clause": (clause.id for clause in clauses),
        }
        for kind, values in labels.items():
            item.add_marker(pytest.mark.allure_label(*dict.fromkeys(values), label_type=kind))
        item.add_marker(pytest.mark.allure_label(severity(clauses), label_type=LabelType.SEVERITY))
        for clause in clauses:
            url = clause_url(clause, config.getini("ptyspec_clause_url"))
            item.add_marker(
                pytest.mark.allure_link(
                    url, link_type=LinkType.TEST_CASE, name=f"{clause.id} · {clause.title}"
                )
            )


def tree(clauses: Sequence[Clause], case: str) -> dict[str, list[str]]:
    """Return the labels by which the report groups cases: document and rule, or no clause and the file.

    Epic, feature and story cannot: of a case with two rules each would stand in the section of the other, too.
    """
    if not clauses:
        return {"document": ["no clause"], "rule": [case.partition("::")[0]]}
    rules = [f"{clause.id} · {clause.title}" for clause in clauses]
    return {"document": list(dict.fromkeys(clause.document for clause in clauses)), "rule": rules}


def severity(clauses: Sequence[Clause]) -> str:
    """Return Allure's severity of the strongest clause: MUST blocker, SHOULD normal, MAY minor."""
    return SEVERITIES[min((clause.level for clause in clauses), key=LEVELS.index)]


def tell_runs(folders: Sequence[Path], failed: bool, broken: Collection[str] = ()) -> None:
    """Add the stages of the runs that the current case looked at as its steps; a failed one gets figures and data, too.

    `broken` are the places of the clauses that were violated: the steps of these stages carry a cross.
    """
    import allure

    told = [folder for folder in folders if _readable(folder)]
    several = len(told) > 1
    for folder in told[:MAX_RUNS]:
        name = f"{scenario_name(folder)} ({folder.name[:8]})"
        if several:
            with allure.step(f"run of {name}"):
                _tell_stages(folder, broken)
        else:
            _tell_stages(folder, broken)
        if failed:
            attach_run(folder, f"{name} · " if several else "")


def _readable(folder: Path) -> bool:
    """True where a folder is a whole run: cases damage runs, and write parts of them, on purpose."""
    from ptyspec.runs.finished_run import FinishedRun

    try:
        run = FinishedRun(folder)
        return bool(run.stages) and bool(scenario_name(folder))
    except (PtyspecError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _tell_stages(folder: Path, broken: Collection[str]) -> None:
    import allure

    from ptyspec.contracts.records import StageRecord
    from ptyspec.files.jsonfile import read_json

    stages = [
        StageRecord.model_validate(row) for row in read_json(folder / "stages.json")["stages"]
    ]
    for stage, line in headlines(stages):
        with allure.step(f"✘ {line}" if stage.name in broken else line):
            for fact in facts(stage):
                with allure.step(fact):
                    continue


def scenario_name(folder: Path) -> str:
    """Return the name of a run's scenario, else of its folder."""
    from ptyspec.files.jsonfile import read_json

    found = read_json(folder / "scenario.json")
    return str(found.get("name") or (found.get("scenario") or {}).get("name") or folder.name)


def attach_run(folder: Path, prefix: str = "") -> None:
    """Attach a run's pictures and JSON files to the current case."""
    import allure

    known = list(PICTURES)
    order = sorted(
        folder.glob("figures/*.png"), key=lambda path: [*known, path.stem].index(path.stem)
    )
    for path in order:
        name = f"{prefix}{PICTURES.get(path.stem, path.name)}"
        allure.attach.file(path, name=name, attachment_type=allure.attachment_type.PNG)  # type: ignore[no-untyped-call]
    for path in (folder / name for name in DATA):
        if path.is_file():
            allure.attach.file(
                path, name=f"{prefix}{path.name}", attachment_type=allure.attachment_type.JSON
            )  # type: ignore[no-untyped-call]


def environment_properties(subject: str = "") -> str:
    """Return the content of environment.properties: one line a fact, as Java reads it."""
    from ptyspec.runs.environment import environment

    found = environment({})
    rows: Mapping[str, object] = {
        **{name: version for name, version in found["versions"].items() if version is not None},
        "backend": found["backend"],
        "threads": "+".join(str(count) for count in found["threads"].values()),
        "oneDNN": found["onednn"],
        "cpu": found["cpu"]["level"],
        "platform": found["platform"],
        "commit": found["commit"] or "unknown",
        "subject": subject or "the reference pipeline",
    }
    return "".join(
        f"{key} = {str(value).replace(chr(92), chr(92) * 2)}\n" for key, value in rows.items()
    )


class AllureReport:
    """Hooks, registered where Allure is active."""

    def __init__(
        self,
        config: pytest.Config,
        subject: str = "",
        options: Sequence[str] = (),
        faults: str = "",
    ) -> None:
        self.config, self.subject, self.options, self.faults = config, subject, options, faults
        self.opened = OpenedRuns() if writes(config) else None
        config.stash[TELLS] = self.opened is not None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Label the cases before Allure's own plugin selects by label."""
        label_items(self.config, items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Listen to the case, and name its history by its parametrization id.

        Allure makes it of the parameters' values: objects with an address give another history each run, and equal
        values in another order the same one.
        """
        if self.opened is None:
            return
        import allure

        self.opened.start()
        if not hasattr(item, "callspec"):
            return
        for name, value in item.callspec.params.items():
            plain = (
                value
                if isinstance(value, str | int | float | bool | None)
                else type(value).__name__
            )
            allure.dynamic.parameter(name, plain, excluded=True)
        allure.dynamic.parameter(CASE, item.callspec.id)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Write the case's page: rule, observations, stages of the runs it looked at, and their figures if it failed."""
        report = yield
        if self.opened is not None and (
            report.when == "call" or (report.when == "setup" and not report.passed)
        ):
            runs = list(dict.fromkeys([*runs_of(item), *self.opened.stop()]))
            self._describe(item, passed=report.passed)
            tell_runs(runs, report.failed, broken_places(item) if report.failed else ())
        return report

    def _describe(self, item: pytest.Item, passed: bool) -> None:
        import allure

        from ptyspec.spec.checks import reproduction

        told = inspect.getdoc(getattr(item, "function", None)) or ""
        clauses = item.stash.get(CLAUSES, ())
        found = list(item.stash.get(FINDINGS, {}).values())
        states = item.stash.get(STATES, {})
        line = reproduction(item.nodeid, self.options)
        line = (
            f"PTYSPEC_FAULT={shlex.quote(self.faults.replace(', ', ','))} {line}"
            if self.faults
            else line
        )
        text = case_page(told, clauses, states, found, line, passed=passed)
        allure.dynamic.description(text)  # type: ignore[no-untyped-call]
        for name, state in states.items():
            allure.dynamic.label("state", f"{name}: {state}")  # type: ignore[no-untyped-call]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write what belongs to the whole report; workers have ended, and only the controller writes."""
        if not writes(self.config) or hasattr(self.config, "workerinput"):
            return
        from ptyspec.files.jsonfile import write_json

        folder = Path(self.config.getoption(DIRECTORY)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "categories.json", list(CATEGORIES))
        (folder / "environment.properties").write_text(
            environment_properties(self.subject), encoding="utf-8"
        )


def runs_of(item: pytest.Item) -> list[Path]:
    """Return the folders of finished runs among the values of a case's fixtures."""
    values = getattr(item, "funcargs", {}).values()
    return [value for value in values if isinstance(value, Path) and (value / RUN_MARK).is_file()]


def broken_places(item: pytest.Item) -> set[str]:
    """Return the stages of the clauses that failed in a case; of all its clauses where none did."""
    clauses, states = item.stash.get(CLAUSES, ()), item.stash.get(STATES, {})
    failed = {one.place for one in clauses if states.get(one.id) is State.FAILED}
    return failed or {one.place for one in clauses}
