"""A pytest plugin for the run that `ptyspec golden propose` starts (-p ptyspec.testing.golden.proposing)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.files.jsonfile import write_json
from ptyspec.testing.golden.names import declared_by

OUT = pytest.StashKey[Path]()
OPTION, OUTCOME = "--golden-proposals", "outcome.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare where proposals are written."""
    text = "write what golden cases observe below DIR instead of comparing it"
    parser.addoption(OPTION, metavar="DIR", required=True, help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Tell the fixture `golden` where to write."""
    config.stash[OUT] = Path(config.getoption(OPTION))
    config.pluginmanager.register(_Outcomes(config.stash[OUT]))


class _Outcomes:
    """Keeps the cases that declare golden files, and writes which case declares what, and which failed."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.declared: dict[str, list[str]] = {}
        self.failed: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out the cases that declare none."""
        names = {item: declared_by(item) for item in items}
        for item, declared in names.items():
            for name in declared:
                self.declared.setdefault(name, []).append(item.nodeid)
        config.hook.pytest_deselected(items=[item for item in items if not names[item]])
        items[:] = [item for item in items if names[item]]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the last line of a failure: what a failing case observed is not approved."""
        if report.failed:
            self.failed[report.nodeid] = (report.longreprtext.strip().splitlines() or [""])[-1]

    def pytest_sessionfinish(self) -> None:
        """Write them down."""
        write_json(self.out / OUTCOME, {"declared": self.declared, "failed": self.failed})
