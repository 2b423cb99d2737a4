"""In every process that runs cases: what a case is bound to and what it used goes into its reports.

It also keeps the facts of the collection, which under pytest-xdist only workers know; a worker sends them home.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ptyspec.spec.binding import clauses_of
from ptyspec.spec.clause import Clause
from ptyspec.spec.ledger import properties
from ptyspec.spec.tiers import EVIDENCE, tier_of_path
from ptyspec.testing.failure import explains_itself, section
from ptyspec.testing.options import Options
from ptyspec.testing.xfails import Expected

if TYPE_CHECKING:
    from ptyspec.spec.checks import Margin
    from ptyspec.spec.seen import Seen

CLAUSES: pytest.StashKey[tuple[Clause, ...]] = pytest.StashKey()
MARGINS: pytest.StashKey[list[Margin]] = pytest.StashKey()
SEEN: pytest.StashKey[list[Seen]] = pytest.StashKey()
"""Set where a report is written: what the checks of a case compared, in words."""
WORKER_OUTPUT = "ptyspec"


@dataclass
class Facts:
    """What was collected; JSON values only."""

    cases: dict[str, list[str]] = field(default_factory=dict)
    """Node id of each case that was not deselected, and its clauses."""
    files: list[str] = field(default_factory=list)
    """Files that were collected without an error."""
    failed: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    """Files that hold more cases than those: deselected ones, or ones of a class that was refused."""
    xfails: dict[str, list[str]] = field(default_factory=dict)
    """Entries of the file of expected failures, and the cases they cover."""
    digests: dict[str, str | None] = field(default_factory=dict)
    """Digest of the source of each bound case; under `--ptyspec-strict` alone, because it reads every source."""


class Recorder:
    """Hooks of the collection and of each case."""

    def __init__(self, config: pytest.Config, options: Options, expected: Expected) -> None:
        self.config, self.options, self.expected = config, options, expected
        self.facts = Facts(xfails=expected.matched)

    def prepare(self, items: list[pytest.Item]) -> None:
        """Give every case its tier and clauses, as markers and as properties."""
        writes_bindings = bool(self.config.getoption("ptyspec_bindings"))  # of unknown clauses, too
        for item in items:
            tier = tier_of_path(item.nodeid.partition("::")[0].split("/")[:-1])
            if tier is not None:
                item.add_marker(tier)
            if any(mark.args for mark in item.iter_markers("hypothesis")):
                item.add_marker(EVIDENCE)
                tier = EVIDENCE
            clauses = () if writes_bindings else clauses_of(item)
            item.stash[CLAUSES] = clauses
            item.user_properties += [("clause", clause.id) for clause in clauses]
            if tier is not None:
                item.user_properties.append(("tier", tier))
        self.expected.apply(items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note which files were collected."""
        if report.failed:
            self.facts.failed.append(report.nodeid)
            self._partial([report.nodeid])
        elif report.nodeid.endswith(".py"):
            self.facts.files.append(report.nodeid)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note which files are no longer whole."""
        self._partial(item.nodeid for item in items)

    def _partial(self, names: Iterable[str]) -> None:
        self.facts.partial = sorted(
            {*self.facts.partial, *(name.partition("::")[0] for name in names)}
        )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the cases; a worker sends all facts with its last message."""
        self.facts.cases = {
            item.nodeid: [c.id for c in item.stash.get(CLAUSES, ())] for item in session.items
        }
        if self.options.strict:
            from ptyspec.spec.bindings_file import digest

            bound = (item for item in session.items if self.facts.cases[item.nodeid])
            self.facts.digests = {
                item.nodeid: digest(getattr(item, "function", None)) for item in bound
            }
        output: dict[str, Any] | None = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[WORKER_OUTPUT] = asdict(self.facts)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the margins that the test function used; tell a bare failure's clauses."""
        if call.when == "call" and MARGINS in item.stash:
            used: list[Margin] = item.stash[MARGINS]
            item.user_properties += properties(used)
        report = yield
        clauses = item.stash.get(CLAUSES, ())
        if report.failed and clauses and call.when != "teardown" and not explains_itself(call):
            report.sections.append(("clause", section(clauses, item.nodeid, self.options.changes)))
        return report
