"""How a session is set up, how its cases are collected and shared out, and what each must satisfy.

Tiers are kept apart, and all cases of one file go to one worker. Clause markers name known clauses, hypothesis markers
known hypotheses, parametrize ids are slugs that stay different when they become file names or the identity of a case in
a report; a breach is a collection error of its file or class, which lists all of them.

The contract tier runs without TensorFlow and Keras: a finder on sys.meta_path refuses to execute them while a contract
module is collected or a contract case runs, with an error that names the case. Finding them stays possible, and child
processes may use them. A framework that another tier has already loaded in this process cannot be told from one that a
contract case asked for: it is let be.
"""

import gc
import os
import re
import sys
from collections.abc import Generator, Iterator, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ptyspec.errors import ConfigError, PtyspecError
from ptyspec.experiments import registry as hypotheses
from ptyspec.runs.environment import active_faults
from ptyspec.runs.threads import default_threads, set_threads, usable_cpus
from ptyspec.spec import cases as bindings
from ptyspec.spec.cases import EVIDENCE, EVIDENCE_MEANING, TIERS, tier_of
from ptyspec.spec.clause import specification
from ptyspec.testing import fixtures, missing
from ptyspec.testing.controller import Controller, read_xfails, some
from ptyspec.testing.golden import fixture as golden
from ptyspec.testing.plugin import OPTIONS, read
from ptyspec.testing.recorder import Recorder

WORKER_BYTES = 2 * 10**9
"""Memory of one worker with TensorFlow and a trained model; measured: 1.1 to 1.6 * 10^9 bytes."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore what lies in a tier's folder that the mark expression, if one tier's name, excludes.

    `pytest -m contract` then imports no TensorFlow for what it deselects.
    """
    asked = config.option.markexpr.strip()
    if asked not in TIERS or not collection_path.is_relative_to(config.rootpath):
        return None
    tier = tier_of(f"{collection_path.relative_to(config.rootpath).as_posix()}/")
    return True if tier not in (None, asked) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, now or later, in what is made here: it stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        if not gc.get_freeze_count():  # a session within another would freeze leftovers
            gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return what `-n auto` means: the usable CPUs, as far as the memory goes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(usable_cpus(), memory // WORKER_BYTES))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Send a file's cases to one worker, because they share what they trained; a `--dist` that was asked for stays.

    The cases of a file that `ptyspec_apart` names go one by one: they share nothing, and each is long.

    Not by `--dist loadgroup` and its marks: pytest-xdist 3.8 with pytest 9.2 ignores them without a word
    (pytest-xdist issue 1386).
    """
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler.loadfile import LoadFileScheduling

    apart = tuple(config.getini("ptyspec_apart"))

    class Scheduling(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(apart) else str(super()._split_scope(nodeid))

    return Scheduling(config, log)


SLUG = re.compile(r"[A-Za-z0-9_.+-]+")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a file or class with breaches into a collection error."""
    report = yield
    cases = [node for node in report.result or () if isinstance(node, pytest.Item)]
    # Bindings are written with their breaches.
    if not collector.config.getoption("ptyspec_bindings") and (problems := [*breaches(cases)]):
        report.outcome, report.result = "failed", []
        report.longrepr = "\n".join([f"{collector.nodeid}:", *(f"  {line}" for line in problems)])
    return report


def breaches(cases: Sequence[pytest.Item]) -> Iterator[str]:
    """Yield what is wrong with the cases of one file or class, each thing once with the cases it concerns."""
    found: dict[str, list[str]] = {}
    seen: dict[str, str] = {}
    for case in cases:
        for problem in _of_case(case):
            found.setdefault(problem, []).append(case.name)
        # As in the names of files, where what is no word character is replaced.
        first = seen.setdefault(re.sub(r"\W", "_", case.name), case.name)
        if first != case.name:
            found[f"two cases would share one name in files: {first} and {case.name}"] = []
    for problem, names in found.items():
        yield f"{problem} ({some(names, 3)})" if names else problem


def _of_case(case: pytest.Item) -> Iterator[str]:
    for mark in case.iter_markers("clause"):
        if not mark.args or mark.kwargs:
            yield "a clause marker names its clauses, and nothing else"
        for name in mark.args:
            yield from _unknown(name, None)
    for mark in case.iter_markers("hypothesis"):
        # The hypothesis library adds its own bare marker later, to property-based cases, and not in their source.
        if not mark.args:
            yield "a hypothesis marker names its hypotheses"
        for name in mark.args:
            yield from _unknown(name, case.config.rootpath / "specs" / "hypotheses")
    name = getattr(getattr(case, "callspec", None), "id", "")
    if name and not SLUG.fullmatch(name):
        yield "a parametrize id is a slug of letters, digits and -_.+"


def _unknown(name: object, own: Path | None) -> Iterator[str]:
    """Hypotheses are those of the installation and those of the tests' `own` folder."""
    try:
        if own is None:
            specification()[str(name)]
        elif name not in {*hypotheses.names(), *hypotheses.names(own)}:
            hypotheses.hypothesis(str(name))
    except PtyspecError as error:
        yield f"{error.message}: {name!r}: {error.details['next']}"


FRAMEWORKS = ("tensorflow", "keras")


class TierError(PtyspecError):
    """A contract case, or a module of the contract tier, imports a framework."""


class Guard(Loader):
    """A finder that comes first and knows nothing but the frameworks; `case` is who is being watched, if anybody."""

    def __init__(self) -> None:
        self.case = ""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a framework's spec that this loader refuses, while a case is watched."""
        watched = self.case and name in FRAMEWORKS
        spec = PathFinder.find_spec(name, path, target) if watched else None
        if spec is not None:
            spec.loader = self
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Raise TierError."""
        what = f"the contract tier imports {module.__name__}"
        step = "move the case to tests/parity, or import inside the code that needs it"
        limit = f"no {' and no '.join(FRAMEWORKS)}"
        raise TierError(what, value=self.case, limit=limit, source="tests/contract", next_step=step)

    def pytest_sessionstart(self) -> None:
        """Stand before all other finders."""
        sys.meta_path.insert(0, self)

    def pytest_unconfigure(self) -> None:
        """Leave as if never been there."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Watch the import of a contract module."""
        contract = isinstance(collector, pytest.Module) and tier_of(collector.nodeid) == "contract"
        self.case = collector.nodeid if contract else ""
        try:
            return (yield)
        finally:
            self.case = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch a contract case from its fixtures to their end."""
        self.case = item.nodeid if item.get_closest_marker("contract") else ""
        try:
            return (yield)
        finally:
            self.case = ""


ALLURE = ("report_dir", "epics", "features", "stories", "severities", "ids", "labels")
"""Options of allure-pytest: a report is written, or cases are chosen by its labels."""


def start(config: pytest.Config) -> None:
    """Fix the threads, declare the markers, read documents and options, register what acts; raises PtyspecError."""
    set_threads(default_threads())
    if active_faults():
        from ptyspec.faults.apply import from_environment

        config.add_cleanup(from_environment().close)
    specification()  # a document that breaks the format is told here, and not from the middle of a collection
    markers = {**TIERS, EVIDENCE: EVIDENCE_MEANING}
    markers["expensive"] = "trains, starts processes or drives a browser for many seconds"
    markers["clause(*ids)"] = "the clauses of specs/ that this case holds the code to"
    # The hypothesis library marks property-based tests `hypothesis`, without ids: both meanings share the name.
    markers["hypothesis(*ids)"] = "the hypotheses that this case judges"
    for name, meaning in markers.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    options = config.stash[OPTIONS] = read(config)
    if not options.usual:  # the usual words cost no import of the pipeline
        from ptyspec.runs.pipelines import maker
        from ptyspec.runs.request import profile_names

        config.stash[fixtures.PIPELINE] = maker(options.pipeline)
        if options.profile not in profile_names():
            what, known = "no profile has this name", ", ".join(profile_names())
            raise ConfigError(what, value=options.profile, limit=known, source="--ptyspec-profile")
    expected = read_xfails(options.xfails) if options.xfails is not None else {}
    recorder = Recorder(config, options, expected)

    register = config.pluginmanager.register
    register(fixtures, "ptyspec.fixtures")
    register(missing, "ptyspec.missing")
    register(golden, "ptyspec.testing.golden")
    register(sys.modules[__name__], "ptyspec.collecting")
    register(Guard(), "ptyspec.guard")
    register(recorder, "ptyspec.recorder")
    if config.getoption("ptyspec_bindings"):
        register(bindings, "ptyspec.bindings")
    if any(config.getoption(f"allure_{name}", None) for name in ALLURE):
        from ptyspec.testing.allure import AllureReport

        register(AllureReport(config, options), "ptyspec.allure")
    if not hasattr(config, "workerinput"):
        register(Controller(config, options, expected, recorder.facts), "ptyspec.controller")
