"""A pytest plugin for the run that `ptyspec golden propose` starts (-p ptyspec.testing.golden.proposing): never for others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.files.jsonfile import write_json
from ptyspec.testing.golden.names import declared_by

OUT = pytest.StashKey[Path]()
OPTION, LIST = "--golden-proposals", "--golden-declared"
OUTCOME = "outcome.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare where proposals, or the names that cases declare, are written."""
    parser.addoption(
        OPTION,
        metavar="DIR",
        help="write what golden cases observe below DIR instead of comparing it",
    )
    parser.addoption(
        LIST, metavar="FILE", help="write which golden file is declared by which collected case"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tell the fixture `golden` where to write."""
    if config.getoption(OPTION):
        config.stash[OUT] = Path(config.getoption(OPTION))
        config.pluginmanager.register(_Outcomes(config.stash[OUT]))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the cases that declare golden files; write the list of names where it is asked for."""
    named = {item.nodeid: declared_by(item) for item in items}
    if config.getoption(LIST):
        found: dict[str, list[str]] = {}
        for case, names in named.items():
            for name in names:
                found.setdefault(name, []).append(case)
        write_json(Path(config.getoption(LIST)), found)
    gone = [item for item in items if not named[item.nodeid]]
    config.hook.pytest_deselected(items=gone)
    items[:] = [item for item in items if named[item.nodeid]]


class _Outcomes:
    """Writes which cases failed: what a failing case observed is not proposed."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.failed: dict[str, str] = {}
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the last line of a failure or skip."""
        if report.failed or report.skipped:
            kept = self.failed if report.failed else self.skipped
            text = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            kept[report.nodeid] = text.strip().splitlines()[-1] if text.strip() else ""

    def pytest_sessionfinish(self) -> None:
        """Write them down."""
        write_json(self.out / OUTCOME, {"failed": self.failed, "skipped": self.skipped})
