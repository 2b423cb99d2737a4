"""The finished run that tests of figures, report and run folder read."""

from __future__ import annotations

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
    """The same run as written to disk."""
    from tests.fake_run import written_run

    return written_run(tmp_path_factory.getbasetemp())
