"""What the processes of a campaign note: how cases end, and which come through which seams."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from textwrap import shorten
from typing import Any

import pytest

from ptyspec.faults.apply import exchanged
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Patch

PLACE = re.compile(r"/\S*?/pytest-of-[\w.-]+/pytest-\d+/|/tmp/\w+/|0x[0-9a-f]{8,}")
"""What differs from run to run in a message: scratch folders and addresses."""
TOLD = re.compile(r"(observed|expected)\s")
"""How the lines of a check's message begin that say most."""


class Outcomes:
    """Collects how cases end; a pytest plugin."""

    def __init__(self) -> None:
        self.cases: dict[str, dict[str, Any]] = {}
        self.reached: dict[str, set[str]] = {}
        self.case, self.started = "", time.perf_counter()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which case runs."""
        self.case = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one report."""
        new = {"outcome": "passed", "seconds": 0.0, "message": ""}
        row = self.cases.setdefault(report.nodeid, new)
        row["seconds"] += report.duration
        if report.failed:
            row["outcome"] = "failed"
            crash = getattr(report.longrepr, "reprcrash", None)
            row["message"] = row["message"] or said(getattr(crash, "message", ""))
        elif report.skipped and row["outcome"] == "passed":
            row["outcome"] = "skipped"

    def part(self) -> dict[str, Any]:
        """Return what the process leaves: its cases, and for each watched fault those that came through a seam."""
        seconds = time.perf_counter() - self.started
        reached = {name: sorted(cases) for name, cases in self.reached.items()}
        return {"status": "done", "seconds": seconds, "cases": self.cases, "reached": reached}

    @contextmanager
    def watching(self, faults: Iterable[str]) -> Iterator[None]:
        """Note for each fault the cases that run while one of its seams is used.

        Raises PtyspecError that names fault and target where a seam cannot be watched.
        """

        def noting(cases: set[str], original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            cases.add(self.case)
            return original(*args, **kwargs)

        with ExitStack() as watch:
            for name in faults:
                note = partial(noting, self.reached.setdefault(name, set()))
                for patch in fault(name).patches:
                    watch.enter_context(exchanged(Patch(name, patch.target, note)))
            yield


def said(message: str) -> str:
    """Return a failure's message in one line: what a check observed and expected, or its start."""
    lines = [line.strip() for line in PLACE.sub("", message).splitlines() if line.strip()]
    told = [shorten(one, 140, placeholder=" …") for one in lines if TOLD.match(one)]
    first = " ".join(lines[:3]).removeprefix("AssertionError: ").removeprefix("Failed: ")
    return "; ".join(told) or shorten(first, 260, placeholder=" …")
