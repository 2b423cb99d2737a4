"""The campaign's own test loop: collect once, then fork a process a clean file and one a fault.

A pytest plugin (`-p ptyspec.faults.loop`) that takes pytest's loop over where `--ptyspec-campaign
FOLDER` is given.

- The contract tier imports no framework, so that forking is safe.
- The parent runs no case, so that nothing it holds (fixtures, cached values) was made by healthy
  code.
- In the clean run every file has a process of its own and every seam is watched. A fault then runs
  only the files of which a case came through one of its seams: no other case can change its
  outcome. (Within a file a fixture or a cached value may have been made for the first case and be
  used by all.)

Each child writes FOLDER/NAME.json.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.faults.apply import applied
from ptyspec.faults.campaign import clean_parts
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Fault
from ptyspec.faults.seen import CLEAN, Outcomes, kept, watched
from ptyspec.files.jsonfile import write_json

FRAMEWORKS = ("tensorflow", "keras", "torch", "jax")
INVALID, INFRASTRUCTURE = 3, 4
"""Exit codes of a child: its fault cannot be applied; something around the cases broke."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that the campaign gives."""
    group = parser.getgroup("ptyspec campaign")
    add = group.addoption
    add("--ptyspec-campaign", metavar="FOLDER", help="run the campaign and write its parts here")
    add("--ptyspec-faults", metavar="ID,ID", default="", help="faults to apply, one by one")
    add("--ptyspec-children", metavar="N", type=int, default=1, help="processes at a time")
    add("--ptyspec-seconds", metavar="S", type=int, default=120, help="limit for one fault")
    add("--ptyspec-quick", action="store_true", help="run only cases of declared clauses")


def pytest_configure(config: pytest.Config) -> None:
    """Let no property-based case look for its smallest failing example: that it fails is enough.

    Profiles that test modules register later inherit this from the profile in force.
    """
    if config.getoption("ptyspec_campaign"):
        from hypothesis import Phase, settings

        settings.register_profile("campaign", phases=(Phase.explicit, Phase.generate))
        settings.load_profile("campaign")


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
        raise PtyspecError(
            "no fork after a framework was loaded",
            value=", ".join(loaded),
            source="campaign",
            next_step="restrict the campaign to the contract tier: -m contract",
        )
    names = [name for name in option("ptyspec_faults").split(",") if name]
    _Campaign(
        session.items,
        Path(folder),
        names,
        option("ptyspec_children"),
        option("ptyspec_seconds"),
        option("ptyspec_quick"),
    ).run()
    return True


@dataclass
class _Campaign:
    """One campaign of one collection."""

    items: Sequence[pytest.Item]
    folder: Path
    faults: list[str]
    children: int
    seconds: int
    quick: bool
    running: dict[int, tuple[str, float]] = field(default_factory=dict)

    def run(self) -> None:
        """Run the clean suite file by file, then every fault; parts that ended before are kept."""
        files: dict[str, list[pytest.Item]] = {}
        for item in self.items:
            files.setdefault(item.nodeid.partition("::")[0], []).append(item)
        for number, part in enumerate(files.values()):
            self._wait(self.children - 1)
            self._start(f"{CLEAN}-{number}", partial(_clean, part, self.faults))
        self._wait(0)
        reached: dict[str, set[str]] = {}
        for left in clean_parts(self.folder):
            for name, cases in left["reached"].items():
                reached.setdefault(name, set()).update(cases)
        for name in self.faults:
            self._wait(self.children - 1)
            self._start(
                name, partial(_faulty, self._chosen(fault(name), reached.get(name, set())), name)
            )
        self._wait(0)

    def _chosen(self, one: Fault, reached: set[str]) -> list[pytest.Item]:
        """The cases that can notice a fault; files with cases of its red clauses first."""
        files = {case.partition("::")[0] for case in reached}
        chosen = [item for item in self.items if item.nodeid.partition("::")[0] in files]
        expected = {
            item.nodeid.partition("::")[0] for item in chosen if _clauses(item) & set(one.red)
        }
        if self.quick:
            chosen = [item for item in chosen if _clauses(item) & {*one.red, *one.green}]
        return sorted(chosen, key=lambda item: item.nodeid.partition("::")[0] not in expected)

    def _start(self, name: str, work: Callable[[], dict[str, Any]]) -> None:
        part = self.folder / f"{name}.json"
        if kept(part):
            return
        child = os.fork()
        if child:
            self.running[child] = (name, time.monotonic())
            return
        code = INFRASTRUCTURE
        try:
            write_json(part, work())
            code = 0
        except PtyspecError as error:
            write_json(part, {"status": "invalid", "reason": str(error)})
            code = INVALID
        except BaseException as error:  # nobody above this line would tell of it
            reason, trace = f"{type(error).__name__}: {error}", traceback.format_exc()
            write_json(part, {"status": "infrastructure", "reason": reason, "traceback": trace})
        finally:
            # Neither pytest's end of session nor any exit handler belongs to a child.
            os._exit(code)

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
                    late = {"status": "timeout", "reason": f"> {self.seconds} s"}
                    write_json(self.folder / f"{name}.json", late)
            time.sleep(0.02)

    def _ended(self, name: str, code: int) -> None:
        part = self.folder / f"{name}.json"
        if not part.exists():
            reason = f"the child ended with {code}"
            write_json(part, {"status": "infrastructure", "reason": reason})


def _clean(items: Sequence[pytest.Item], faults: Iterable[str]) -> dict[str, Any]:
    """The cases as they are, and for each fault those that came through one of its seams."""
    case = [""]
    with watched(faults, case) as through:
        rows = _run(items, case)
    return {
        "status": "done",
        "cases": rows,
        "reached": {name: sorted(cases) for name, cases in through.items()},
    }


def _clauses(item: pytest.Item) -> set[str]:
    return {str(name) for mark in item.iter_markers("clause") for name in mark.args}


def _faulty(items: Sequence[pytest.Item], name: str) -> dict[str, Any]:
    started = time.perf_counter()
    with applied(name):
        rows = _run(items, [""])
    return {"status": "done", "seconds": time.perf_counter() - started, "cases": rows}


def _run(items: Sequence[pytest.Item], case: list[str]) -> dict[str, Any]:
    outcomes = Outcomes()
    if not items:
        return {}
    manager = items[0].config.pluginmanager
    # A child has no reader, and its outcomes are no record.
    for plugin in ("terminalreporter", "ptyspec.controller"):
        found = manager.get_plugin(plugin)
        if found is not None:
            manager.unregister(found)
    manager.register(outcomes)
    for item, following in zip(items, [*items[1:], None], strict=True):
        case[0] = item.nodeid
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return outcomes.rows
