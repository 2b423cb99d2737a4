"""How cases end, and which of them come through the seams of which faults: what the processes of a campaign note down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from typing import Any

import pytest

from ptyspec.errors import PtyspecError
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
    with ExitStack() as watch:
        for name, cases in through.items():
            for patch in fault(name).patches:
                where = f"the fault {name} at {patch.target}"
                watching = Patch(patch.target, _watched(where, partial(_note, cases, case)))
                watch.enter_context(exchanged(name, watching))
        yield through


def _note(cases: set[str], case: Sequence[str]) -> None:
    cases.add(case[0])


def _watched(where: str, note: Callable[[], None]) -> Callable[[Any], Any]:
    """Return what wraps a seam so that `note` is called whenever the seam is used."""

    def make(original: Any) -> Any:
        if isinstance(original, property):
            getter = original.fget
            assert getter is not None

            def get(own: Any) -> Any:
                note()
                return getter(own)

            return property(get, original.fset, original.fdel, original.__doc__)
        if isinstance(original, staticmethod | classmethod):
            return type(original)(make(original.__func__))
        if not callable(original) or isinstance(original, type):
            raise PtyspecError(
                f"{where} cannot be watched",
                value=type(original).__name__,
                limit="a function or a property",
                source="fault catalogue",
                next_step="patch a function that uses it",
            )

        @wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            note()
            return original(*args, **kwargs)

        return call

    return make
