"""The campaign's own test loop: collect once, then a forked process for the clean suite and one for each fault.

A pytest plugin (`-p ptyspec.faults.loop`) that takes pytest's loop over where `--ptyspec-campaign FOLDER` is given. The
contract tier imports no framework, so that forking is safe; the parent runs no case, so that nothing it holds (fixtures,
cached values) was made by healthy code. In the clean run every seam is watched: a fault then runs only the files of which
a case came through one of its seams, because no other case can change its outcome (within a file, a fixture or a cached
value may have been made for the first case and be used by all). Each child writes FOLDER/NAME.json.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.faults.apply import applied, exchanged
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Patch
from ptyspec.io.jsonfile import read_json, write_json

CLEAN = "clean"
FRAMEWORKS = ("tensorflow", "keras", "torch", "jax")
INVALID, INFRASTRUCTURE = 3, 4
"""Exit codes of a child: its fault cannot be applied; something around the cases broke."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that the campaign gives."""
    group = parser.getgroup("ptyspec campaign")
    group.addoption("--ptyspec-campaign", metavar="FOLDER", help="run the campaign and write its parts here")
    group.addoption("--ptyspec-faults", metavar="ID,ID", default="", help="faults to apply, one after the other")
    group.addoption("--ptyspec-children", metavar="N", type=int, default=1, help="processes at a time")
    group.addoption("--ptyspec-seconds", metavar="S", type=int, default=120, help="limit for one fault")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the campaign in place of the cases."""
    option = session.config.getoption
    folder = option("ptyspec_campaign")
    if not folder:
        return None
    if session.testsfailed:
        raise session.Interrupted(f"{session.testsfailed} errors during collection")
    loaded = [name for name in FRAMEWORKS if name in sys.modules]
    if loaded:
        raise PtyspecError("no fork after a framework was loaded", value=", ".join(loaded), source="campaign",
                           next_step="restrict the campaign to the contract tier: -m contract")  # fmt: skip
    names = [name for name in option("ptyspec_faults").split(",") if name]
    campaign = _Campaign(session.items, Path(folder), names, option("ptyspec_children"), option("ptyspec_seconds"))
    campaign.run()
    return True


@dataclass
class _Campaign:
    """One campaign of one collection."""

    items: Sequence[pytest.Item]
    folder: Path
    faults: list[str]
    children: int
    seconds: int
    running: dict[int, tuple[str, float]] = field(default_factory=dict)

    def run(self) -> None:
        """Run the clean suite in parts, then every fault; results that are there already are kept."""
        parts = [self.items[at :: self.children] for at in range(self.children)]
        for at, part in enumerate(parts):
            self._start(f"{CLEAN}-{at}", partial(_clean, part, self.faults))
        self._wait(0)
        reached = _reached(self.folder, self.children)
        for name in self.faults:
            if (self.folder / f"{name}.json").exists():
                continue
            self._wait(self.children - 1)
            files = {case.partition("::")[0] for case in reached.get(name, ())}
            chosen = [item for item in self.items if item.nodeid.partition("::")[0] in files]
            self._start(name, partial(_faulty, chosen, name))
        self._wait(0)

    def _start(self, name: str, work: Callable[[], dict[str, Any]]) -> None:
        if (self.folder / f"{name}.json").exists():
            return
        child = os.fork()
        if child:
            self.running[child] = (name, time.monotonic())
            return
        code = INFRASTRUCTURE
        try:
            write_json(self.folder / f"{name}.json", work())
            code = 0
        except PtyspecError as error:
            write_json(self.folder / f"{name}.json", {"status": "invalid", "reason": str(error)})
            code = INVALID
        finally:
            os._exit(code)  # neither pytest's end of session nor any exit handler belongs to a child

    def _wait(self, most: int) -> None:
        """Wait until at most so many children run; end those that take too long."""
        while len(self.running) > most:
            for child, (name, started) in list(self.running.items()):
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    del self.running[child]
                    self._ended(name, os.waitstatus_to_exitcode(status))
                elif name.partition("-")[0] != CLEAN and time.monotonic() - started > self.seconds:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    del self.running[child]
                    write_json(self.folder / f"{name}.json", {"status": "timeout", "reason": f"> {self.seconds} s"})
            time.sleep(0.02)

    def _ended(self, name: str, code: int) -> None:
        if not (self.folder / f"{name}.json").exists():
            write_json(
                self.folder / f"{name}.json", {"status": "infrastructure", "reason": f"the child ended with {code}"}
            )


class _Outcomes:
    """Collects how cases end, in a child."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        row = self.rows.setdefault(report.nodeid, {"outcome": "passed", "seconds": 0.0, "message": ""})
        row["seconds"] += report.duration
        if report.failed:
            row["outcome"] = "failed"
            row["message"] = row["message"] or str(getattr(report.longrepr, "reprcrash", "") or "")[:300]
        elif report.skipped and row["outcome"] == "passed":
            row["outcome"] = "skipped"


def _clean(items: Sequence[pytest.Item], faults: Iterable[str]) -> dict[str, Any]:
    """The cases as they are, and for each fault those that came through one of its seams."""
    through: dict[str, set[str]] = {name: set() for name in faults}
    case = [""]
    with ExitStack() as watch:
        for name, cases in through.items():
            for patch in fault(name).patches:
                watch.enter_context(exchanged(Patch(patch.target, _watched(partial(_note, cases, case)))))
        rows = _run(items, case)
    return {"cases": rows, "reached": {name: sorted(cases) for name, cases in through.items()}}


def _note(cases: set[str], case: list[str]) -> None:
    cases.add(case[0])


def _faulty(items: Sequence[pytest.Item], name: str) -> dict[str, Any]:
    started = time.perf_counter()
    with applied(name):
        rows = _run(items, [""])
    return {"status": "done", "seconds": time.perf_counter() - started, "cases": rows}


def _run(items: Sequence[pytest.Item], case: list[str]) -> dict[str, Any]:
    outcomes = _Outcomes()
    if not items:
        return {}
    manager = items[0].config.pluginmanager
    for plugin in ("terminalreporter", "ptyspec.controller"):  # a child has no reader, and its outcomes are no record
        found = manager.get_plugin(plugin)
        if found is not None:
            manager.unregister(found)
    manager.register(outcomes)
    for at, item in enumerate(items):
        case[0] = item.nodeid
        following = items[at + 1] if at + 1 < len(items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return outcomes.rows


def _watched(note: Callable[[], None]) -> Callable[[Any], Any]:
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
            raise PtyspecError("this seam cannot be watched", value=type(original).__name__, limit="a function or a property",
                               source="fault catalogue", next_step="patch a function that uses it")  # fmt: skip

        @wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            note()
            return original(*args, **kwargs)

        return call

    return make


def _reached(folder: Path, parts: int) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for at in range(parts):
        part = read_json(folder / f"{CLEAN}-{at}.json")
        if "cases" not in part:
            raise PtyspecError("the clean suite did not run to its end", value=part.get("reason"), source=folder,
                               next_step="pytest -m contract")  # fmt: skip
        for name, cases in part["reached"].items():
            found.setdefault(name, set()).update(cases)
    return found
