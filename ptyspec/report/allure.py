"""What an Allure report says of a case: labels from its clauses, steps from a run's stages, evidence of a failure.

The only file that imports allure, and only where a report is written or a selection by label is asked for: otherwise
every function here returns at once. The adaptor's own plugin (allure-pytest) writes the files.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ptyspec.harness.recorder import CLAUSES
from ptyspec.io.disk import RUN_MARK
from ptyspec.report.allure_categories import CATEGORIES
from ptyspec.spec.clause import LEVELS, Clause

if TYPE_CHECKING:
    from ptyspec.contracts.records import StageRecord

DIRECTORY = "allure_report_dir"
SELECTIONS = ("allure_epics", "allure_features", "allure_stories", "allure_severities", "allure_ids", "allure_labels")
SEVERITIES = {"MUST": "blocker", "SHOULD": "normal", "MAY": "minor"}
CASE = "case id"
"""Parameter that names a case's history; with a blank, for no parameter of a test can have this name."""
PICTURES, DATA = "figures/*.png", ("metrics.json", "stages.json", "history.json", "scenario.json")


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
    from allure_commons.types import LabelType

    for item in items:
        clauses = item.stash.get(CLAUSES, ())
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


def severity(clauses: Sequence[Clause]) -> str:
    """Return Allure's severity of the strongest clause: MUST blocker, SHOULD normal, MAY minor."""
    return SEVERITIES[min((clause.level for clause in clauses), key=LEVELS.index)]


def stage_steps(config: pytest.Config, folder: Path) -> None:
    """Tell the stages of a finished run as steps of the current case or fixture, with arrays, numbers and flags."""
    if not writes(config):
        return
    import allure

    from ptyspec.contracts.records import StageRecord
    from ptyspec.io.jsonfile import read_json

    for row in read_json(folder / "stages.json")["stages"]:
        stage = StageRecord.model_validate(row)
        with allure.step(f"{stage.name} · {stage.seconds:.2g} s · {stage.peak_rss_mb:.0f} MB"):
            for line in facts(stage):
                with allure.step(line):
                    continue


def facts(stage: StageRecord) -> Iterator[str]:
    """Yield a line an array, a number and a flag of a stage."""
    for name, array in stage.arrays.items():
        mean = "no finite value" if array.mean is None else f"mean {array.mean:.6g}"
        yield f"{name}: {array.dtype}{list(array.shape)}, {mean}, {array.nan_count} NaN"
    for name, value in {**stage.numbers, **stage.flags}.items():
        yield f"{name}: {value:.6g}" if not isinstance(value, bool) else f"{name}: {'yes' if value else 'no'}"


def attach_run(folder: Path) -> None:
    """Attach a run's pictures and JSON files to the current case."""
    import allure

    for path in sorted(folder.glob(PICTURES)):
        allure.attach.file(path, name=path.name, attachment_type=allure.attachment_type.PNG)  # type: ignore[no-untyped-call]
    for path in (folder / name for name in DATA):
        if path.is_file():
            allure.attach.file(path, name=path.name, attachment_type=allure.attachment_type.JSON)  # type: ignore[no-untyped-call]


def environment_properties(subject: str = "") -> str:
    """Return the content of environment.properties: one line a fact, as Java reads it."""
    from ptyspec.observe.environment import environment

    found = environment({})
    rows: Mapping[str, object] = {
        **{name: version for name, version in found["versions"].items() if version is not None},
        "backend": found["backend"], "threads": "+".join(str(count) for count in found["threads"].values()),
        "oneDNN": found["onednn"], "cpu": found["cpu"]["level"], "platform": found["platform"],
        "commit": found["commit"] or "unknown", "subject": subject or "the reference pipeline",
    }  # fmt: skip
    return "".join(f"{key} = {str(value).replace(chr(92), chr(92) * 2)}\n" for key, value in rows.items())


class AllureReport:
    """Hooks, registered where Allure is active."""

    def __init__(self, config: pytest.Config, subject: str = "") -> None:
        self.config, self.subject = config, subject

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Label the cases before Allure's own plugin selects by label."""
        label_items(self.config, items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Name a case's history by its parametrization id.

        Allure makes it of the parameters' values: objects with an address give another history each run, and equal
        values in another order the same one.
        """
        if not writes(self.config) or not hasattr(item, "callspec"):
            return
        import allure

        for name, value in item.callspec.params.items():
            plain = value if isinstance(value, str | int | float | bool | None) else type(value).__name__
            allure.dynamic.parameter(name, plain, excluded=True)
        allure.dynamic.parameter(CASE, item.callspec.id)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the finished runs that a failed case looked at; a passed one needs no evidence."""
        report = yield
        if report.failed and writes(self.config):
            for folder in runs_of(item):
                attach_run(folder)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write what belongs to the whole report; workers have ended, and only the controller writes."""
        if not writes(self.config) or hasattr(self.config, "workerinput"):
            return
        from ptyspec.io.jsonfile import write_json

        folder = Path(self.config.getoption(DIRECTORY)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "categories.json", list(CATEGORIES))
        (folder / "environment.properties").write_text(environment_properties(self.subject), encoding="utf-8")


def runs_of(item: pytest.Item) -> list[Path]:
    """Return the folders of finished runs among the values of a case's fixtures."""
    values = getattr(item, "funcargs", {}).values()
    return [value for value in values if isinstance(value, Path) and (value / RUN_MARK).is_file()]
