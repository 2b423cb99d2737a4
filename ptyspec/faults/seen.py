"""How cases end, and which of them come through the seams of which faults: what the processes of a campaign note down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from ptyspec.faults.apply import exchanged
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Patch


class Outcomes:
    """Collects how cases end; a pytest plugin."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one report."""
        row = self.rows.setdefault(
            report.nodeid, {"outcome": "passed", "seconds": 0.0, "message": ""}
        )
        row["seconds"] += report.duration
        if report.failed:
            row["outcome"] = "failed"
            row["message"] = (
                row["message"] or str(getattr(report.longrepr, "reprcrash", "") or "")[:300]
            )
        elif report.skipped and row["outcome"] == "passed":
            row["outcome"] = "skipped"


@contextmanager
def watched(faults: Iterable[str], case: Sequence[str]) -> Iterator[dict[str, set[str]]]:
    """Watch every seam; what is yielded holds, for each fault, the values of `case[0]` while its seams were used.

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
