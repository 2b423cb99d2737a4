"""What the processes of a campaign note: how cases end, and which come through which seams."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import pytest

from ptyspec.faults.apply import exchanged
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Patch
from ptyspec.files.jsonfile import read_json

CLEAN = "clean"
"""The names of parts that ran without any fault begin with this."""
PLACE = re.compile(r"/\S*?/pytest-of-[\w.-]+/pytest-\d+/|/tmp/\w+/|0x[0-9a-f]{8,}")
"""What differs from run to run in a message: scratch folders and addresses."""
TOLD = re.compile(r"(observed|expected)\s")
"""How the lines of a check's message begin that say most."""


class Outcomes:
    """Collects how cases end; a pytest plugin. `case[0]` is the one that runs."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.case, self.started = [""], time.perf_counter()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which case runs."""
        self.case[0] = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one report."""
        row = self.rows.setdefault(
            report.nodeid, {"outcome": "passed", "seconds": 0.0, "message": ""}
        )
        row["seconds"] += report.duration
        if report.failed:
            row["outcome"] = "failed"
            crash = getattr(report.longrepr, "reprcrash", None)
            row["message"] = row["message"] or said(getattr(crash, "message", ""))
        elif report.skipped and row["outcome"] == "passed":
            row["outcome"] = "skipped"

    def part(self, through: Mapping[str, Iterable[str]]) -> dict[str, Any]:
        """Return what the process leaves: its cases, and for each watched fault those that came through a seam."""
        seconds = time.perf_counter() - self.started
        reached = {name: sorted(cases) for name, cases in through.items()}
        return {"status": "done", "seconds": seconds, "cases": self.rows, "reached": reached}


def file_of(case: str) -> str:
    """Return the file of a node id."""
    return case.partition("::")[0]


def said(message: str) -> str:
    """Return a failure's message in one line: what a check observed and expected, or its start."""
    lines = [line.strip() for line in PLACE.sub("", message).splitlines() if line.strip()]
    told = [shorten(one, 140, placeholder=" …") for one in lines if TOLD.match(one)]
    first = " ".join(lines[:3]).removeprefix("AssertionError: ").removeprefix("Failed: ")
    return "; ".join(told) or shorten(first, 260, placeholder=" …")


@contextmanager
def watched(faults: Iterable[str], case: Sequence[str]) -> Iterator[dict[str, set[str]]]:
    """Watch every seam: yield, for each fault, the values of `case[0]` while its seams were used.

    Raises PtyspecError that names fault and target where a seam cannot be watched.
    """
    through: dict[str, set[str]] = {name: set() for name in faults}

    def noting(cases: set[str], original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        cases.add(case[0])
        return original(*args, **kwargs)

    with ExitStack() as watch:
        for name, cases in through.items():
            for patch in fault(name).patches:
                watching = Patch(name, patch.target, partial(noting, cases))
                watch.enter_context(exchanged(watching))
        yield through


def kept(part: Path) -> bool:
    """Return whether a part need not run again; one that must is removed.

    Kept are cases that ran to their end and faults that cannot be applied. What broke around the
    cases may hold now, the limit of a timeout may be higher, and without the clean cases nothing
    can be judged.
    """
    if not part.exists():
        return False
    status = read_json(part).get("status")
    if status == "done" or (status == "invalid" and part.name.partition("-")[0] != CLEAN):
        return True
    part.unlink()
    return False
