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
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.faults.apply import applied
from ptyspec.faults.campaign import clean_parts
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Fault
from ptyspec.faults.seen import CLEAN, Outcomes, file_of, kept, watched
from ptyspec.files.jsonfile import write_json
from ptyspec.spec.binding import names_of

FRAMEWORKS = ("tensorflow", "keras", "torch", "jax")
INVALID, INFRASTRUCTURE = 3, 4
"""Exit codes of a child: its fault cannot be applied; something around the cases broke."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that the campaign gives."""
    add = parser.getgroup("ptyspec campaign").addoption
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
    limits = (option(f"ptyspec_{name}") for name in ("children", "seconds", "quick"))
    _Campaign(session.items, Path(folder), names, *limits).run()
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
        files = [list(part) for _, part in groupby(sorted(self.items, key=_file), _file)]
        for number, part in enumerate(files):
            self._start(f"{CLEAN}-{number}", partial(_clean, part, self.faults))
        self._wait(0)
        reached: dict[str, set[str]] = {name: set() for name in self.faults}
        for left in clean_parts(self.folder):
            for name, cases in left["reached"].items():
                reached.setdefault(name, set()).update(cases)
        for name in self.faults:
            self._start(name, partial(_faulty, self._chosen(fault(name), reached[name]), name))
        self._wait(0)

    def _chosen(self, one: Fault, reached: set[str]) -> list[pytest.Item]:
        """The cases that can notice a fault; files with cases of its red clauses first."""
        files = set(map(file_of, reached))
        chosen = [item for item in self.items if _file(item) in files]
        expected = {_file(item) for item in chosen if set(one.red).intersection(names_of(item))}
        if self.quick:
            declared = {*one.red, *one.green}
            chosen = [item for item in chosen if declared.intersection(names_of(item))]
        return sorted(chosen, key=lambda item: _file(item) not in expected)

    def _start(self, name: str, work: Callable[[], dict[str, Any]]) -> None:
        part = self.folder / f"{name}.json"
        if kept(part):
            return
        self._wait(self.children - 1)
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
                late = time.monotonic() - started > self.seconds
                if not done and late and name.partition("-")[0] != CLEAN:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    left = {"status": "timeout", "reason": f"> {self.seconds} s"}
                    write_json(self.folder / f"{name}.json", left)
                elif not done:
                    continue
                del self.running[child]
                part = self.folder / f"{name}.json"
                if not part.exists():
                    reason = f"the child ended with {os.waitstatus_to_exitcode(status)}"
                    write_json(part, {"status": "infrastructure", "reason": reason})
            time.sleep(0.02)


def _file(item: pytest.Item) -> str:
    return file_of(item.nodeid)


def _clean(items: Sequence[pytest.Item], faults: Iterable[str]) -> dict[str, Any]:
    """The cases as they are, and for each fault those that came through one of its seams."""
    outcomes = Outcomes()
    with watched(faults, outcomes.case) as through:
        _run(items, outcomes)
    return outcomes.part(through)


def _faulty(items: Sequence[pytest.Item], name: str) -> dict[str, Any]:
    outcomes = Outcomes()
    with applied(name):
        _run(items, outcomes)
    return outcomes.part({})


def _run(items: Sequence[pytest.Item], outcomes: Outcomes) -> None:
    if not items:
        return
    manager = items[0].config.pluginmanager
    # A child has no reader, and its outcomes are no record.
    for plugin in ("terminalreporter", "ptyspec.controller"):
        found = manager.get_plugin(plugin)
        if found is not None:
            manager.unregister(found)
    manager.register(outcomes)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
