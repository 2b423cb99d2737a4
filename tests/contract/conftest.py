"""The finished run that tests of figures, report and run folder read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ptyspec.contracts.run import RunResult


@pytest.fixture(scope="session")
def run() -> RunResult:
    """A small run with fake scores; whoever changes something works on a copy of its own."""
    from tests.fake_run import one_run  # numpy, scipy, matplotlib: not before a case needs them

    return one_run()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run as written to disk: seconds of drawing, so that pytest-xdist's workers share one."""
    from filelock import FileLock

    from tests.fake_run import written_run

    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    with FileLock(shared / "one run.lock"):
        return written_run(shared)
