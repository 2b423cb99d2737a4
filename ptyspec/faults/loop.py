"""The campaign's pytest plugin: `-p ptyspec.faults.loop --ptyspec-campaign JSON`.

With a `folder` it takes pytest's loop over and forks a process a clean file and one a fault, as
docs/faults.md says. The parent runs no case: nothing it holds (fixtures, cached values) was made by
healthy code. A fault runs whole files, since a fixture or cached value of one case may serve all.

With a `part` it writes how the cases of this process ended into that file: what came of each, and
which come through which seams.
"""

import json
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from itertools import groupby
from pathlib import Path
from textwrap import shorten
from typing import Any

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.faults.apply import applied, exchanged
from ptyspec.faults.campaign import CLEAN, Children, clean_parts, file_of
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Patch
from ptyspec.files.jsonfile import write_json
from ptyspec.spec.cases import names_of

PLACE = re.compile(r"/\S*?/pytest-of-[\w.-]+/pytest-\d+/|/tmp/\w+/|0x[0-9a-f]{8,}")
"""What differs from run to run in a message: scratch folders and addresses."""


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
    told = [
        shorten(one, 140, placeholder=" …")
        for one in lines
        if re.match(r"(observed|expected)\s", one)
    ]
    first = " ".join(lines[:3]).removeprefix("AssertionError: ").removeprefix("Failed: ")
    return "; ".join(told) or shorten(first, 260, placeholder=" …")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option that the campaign gives."""
    told = "arguments of the campaign's loop, or of a part of it"
    parser.getgroup("ptyspec campaign").addoption("--ptyspec-campaign", type=json.loads, help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Begin before any test module is imported.

    No property-based case looks for its smallest failing example: that it fails is enough. Profiles
    that test modules register later inherit this from the profile in force.
    """
    told = config.getoption("ptyspec_campaign")
    if told is None:
        return
    from hypothesis import Phase, settings

    settings.register_profile("campaign", phases=(Phase.explicit, Phase.generate))
    settings.load_profile("campaign")
    config.pluginmanager.register(_Part(**told) if "part" in told else _Loop(**told))


class _Part(Outcomes):
    """The outcomes of one process."""

    def __init__(self, part: str, watch: Sequence[str]) -> None:
        super().__init__()
        self.file, self.stack = Path(part), ExitStack()
        try:
            self.stack.enter_context(self.watching(watch))
        except PtyspecError as error:  # pytest would show it among frames of its own
            write_json(self.file, {"status": "invalid", "reason": str(error)})
            raise pytest.UsageError(str(error)) from error

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # Pytest's own kinds of it say that the cases could not be collected.
        if excinfo.type is KeyboardInterrupt:
            write_json(self.file, {"status": "infrastructure", "reason": "interrupted"})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self.stack.close()
        # Of any other end the caller tells.
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            write_json(self.file, self.part())


class _Loop:
    """Pytest's loop, as a campaign runs it."""

    def __init__(
        self, folder: str, faults: Sequence[str], children: int, seconds: int, quick: bool
    ) -> None:
        self.folder, self.faults, self.quick = Path(folder), faults, quick
        self.children = Children(self.folder, children, seconds)
        self.items: Sequence[pytest.Item] = ()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the clean cases file by file, then every fault."""
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        loaded = [name for name in ("tensorflow", "keras", "torch", "jax") if name in sys.modules]
        if loaded:
            what = "no fork after a framework was loaded"
            step = "restrict the campaign to the contract tier: -m contract"
            raise PtyspecError(what, value=", ".join(loaded), source="campaign", next_step=step)
        declared = {name for one in map(fault, self.faults) for name in (*one.red, *one.green)}
        self.items = [
            item
            for item in session.items
            if not self.quick or declared.intersection(names_of(item))
        ]
        files = [list(part) for _, part in groupby(sorted(self.items, key=_file), _file)]
        with self.children.ending():
            for number, part in enumerate(files):
                work = partial(_outcomes, part, watch=self.faults)
                self.children.start(f"{CLEAN}-{number}", partial(_forked, work))
        reached: dict[str, set[str]] = {}
        for left in clean_parts(self.folder):
            for name, cases in left["reached"].items():
                reached.setdefault(name, set()).update(map(file_of, cases))
        with self.children.ending():
            for name in self.faults:
                work = partial(_outcomes, self._chosen(name, reached.get(name, set())), under=name)
                self.children.start(name, partial(_forked, work))
        return True

    def _chosen(self, name: str, files: set[str]) -> list[pytest.Item]:
        """The cases that can notice a fault; files with cases of its red clauses first."""
        one = fault(name)
        chosen = [item for item in self.items if _file(item) in files]
        expected = {_file(item) for item in chosen if set(one.red).intersection(names_of(item))}
        if self.quick:
            declared = {*one.red, *one.green}
            chosen = [item for item in chosen if declared.intersection(names_of(item))]
        return sorted(chosen, key=lambda item: _file(item) not in expected)


def _forked(work: Callable[[], dict[str, Any]], part: Path) -> int:
    """Fork a process that writes what the work returns, or why it did not."""
    if child := os.fork():
        return child
    try:
        write_json(part, work())
    except PtyspecError as error:
        write_json(part, {"status": "invalid", "reason": str(error)})
    except BaseException as error:  # nobody above this line would tell of it
        reason, trace = f"{type(error).__name__}: {error}", traceback.format_exc()
        write_json(part, {"status": "infrastructure", "reason": reason, "traceback": trace})
    finally:
        # Neither pytest's end of session nor any exit handler belongs to a child.
        os._exit(0)


def _file(item: pytest.Item) -> str:
    return file_of(item.nodeid)


def _outcomes(
    items: Sequence[pytest.Item], watch: Sequence[str] = (), under: str = ""
) -> dict[str, Any]:
    """How the cases end, under a fault where one is named; watched faults know who came through."""
    outcomes = Outcomes()
    with outcomes.watching(watch), applied(under) if under else nullcontext():
        for at, item in enumerate(items):
            manager = item.config.pluginmanager
            if at == 0:
                # A child has no reader, and its outcomes are no record.
                for plugin in ("terminalreporter", "ptyspec.controller"):
                    if manager.has_plugin(plugin):
                        manager.unregister(name=plugin)
                manager.register(outcomes)
            following = items[at + 1] if at + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return outcomes.part()
