"""What many cases share: objects that are drawn once, and the finished run that tests of report and run folder read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ptyspec.contracts.run import RunResult


@pytest.fixture(scope="session", autouse=True)
def drawn_once() -> Iterator[None]:
    """Draw the lines of a size and seed once a process: two hundred cases measure the same few objects."""
    from ptyspec.physics import objects

    drawn = cache(objects.AMPLITUDES["lines"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(objects.AMPLITUDES, "lines", lambda size, seed: drawn(size, seed).copy())
        yield


@pytest.fixture(scope="session")
def run() -> RunResult:
    """A small run with fake scores; whoever changes something works on a copy of its own."""
    from tests.fake_run import one_run  # numpy, scipy, matplotlib: not before a case needs them

    return one_run()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run as written to disk, with one of its pictures: drawing all of them takes seconds (tests/meta)."""
    from ptyspec.report import figures
    from tests.fake_run import written_run

    whole = figures.drawers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "drawers", lambda result: {"coverage": whole(result)["coverage"]})
        return written_run(tmp_path_factory.mktemp("run"))
