"""In every process that runs cases: the state that each case gives each of its clauses.

States and margins go into the reports of the case. The facts of the collection, which under
pytest-xdist only workers know, go home with a worker's last message.
"""

import ast
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from ptyspec.contracts.stages import REFERENCE
from ptyspec.spec.cases import EVIDENCE, clauses_of, name_of, source_tree, tier_of
from ptyspec.spec.clause import Clause
from ptyspec.spec.finding import Finding, State, of_case
from ptyspec.spec.ledger import CASE, MARGIN, NAME, NOTE, STATE, properties
from ptyspec.testing.plugin import Options

if TYPE_CHECKING:
    from ptyspec.spec.checks import Findings


MAX_CLAUSES = 3
ASSERTING = ("raises", "warns", "fail")
"""Calls that assert, beside all whose name begins with `assert`."""


def blamed(raised: Sequence[BaseException]) -> list[str]:
    """Return the clauses whose checks raised."""
    names = (getattr(one, "clause", "") for one in _flat(raised) if assertion(one))
    return [*filter(None, names)]


def assertion(error: BaseException) -> bool:
    """Whether this is a failed assertion: of a check, of `assert`, of pytest.raises or pytest.fail."""
    return isinstance(error, AssertionError | pytest.fail.Exception)


def ended(raised: Sequence[BaseException], *, setup: bool, expected: bool) -> State:
    """Return how a case ended that raised these: an exception that is no assertion is an error.

    In a fixture a check alone counts as an assertion. `expected`: the failure of a clause was
    expected, and came.
    """
    found = list(_flat(raised))
    if not found:
        return State.PASSED
    if any(isinstance(one, pytest.xfail.Exception) for one in found):
        return State.FAILED if expected else State.NOT_RUN
    if any(isinstance(one, pytest.skip.Exception) for one in found):
        return State.NOT_RUN
    checks = all(assertion(one) and (not setup or getattr(one, "clause", "")) for one in found)
    return State.FAILED if checks else State.ERROR


def _flat(raised: Sequence[BaseException]) -> Iterator[BaseException]:
    for one in raised:
        if isinstance(one, BaseExceptionGroup):
            yield from _flat(one.exceptions)
        else:
            yield one


@cache
def asserts(function: Any) -> bool:
    """Whether the source of a case's function holds assertions, which pass where the case passes."""
    tree = source_tree(getattr(getattr(function, "hypothesis", None), "inner_test", function))
    nodes = [] if tree is None else [*ast.walk(tree)]
    calls = (ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call))
    named = (call.rpartition(".")[2] for call in calls)
    return any(isinstance(node, ast.Assert) for node in nodes) or any(
        name.startswith("assert") or name in ASSERTING for name in named
    )


def section(clauses: Sequence[Clause], case: str, options: Sequence[str]) -> str:
    """Return the text of the report section `clause`."""
    from ptyspec.spec.checks import reproduction, told

    lines = [
        told(one, rule=one.statement, limit=str(one.tolerance), stage=one.place)
        for one in clauses[:MAX_CLAUSES]
    ]
    if len(clauses) > MAX_CLAUSES:
        lines.append(f"and {', '.join(clause.id for clause in clauses[MAX_CLAUSES:])}")
    return "\n".join([*lines, f"  {'reproduce':<10} {reproduction(case, options)}"])


CLAUSES: pytest.StashKey[tuple[Clause, ...]] = pytest.StashKey()
FINDINGS: "pytest.StashKey[Findings]" = pytest.StashKey()
"""What the checks of a case found; set before a case runs."""
STATES: pytest.StashKey[dict[str, State]] = pytest.StashKey()
"""The state of each clause, once the case has ended."""
TELLS: pytest.StashKey[bool] = pytest.StashKey()
"""Of the session: checks that held say in words what they compared, because a report is written."""
EXPECTED: pytest.StashKey[dict[str, str]] = pytest.StashKey()
"""Clauses of the case that are expected to fail, with the reasons."""
USED: pytest.StashKey[bool] = pytest.StashKey()
"""Set once the case used the pipeline under test."""
RAISED: pytest.StashKey[list[BaseException]] = pytest.StashKey()
UNUSED = "did not use the pipeline under test"
WORKER_OUTPUT = "ptyspec"


@dataclass
class Facts:
    """What was collected; JSON values only."""

    cases: dict[str, list[str]] = field(default_factory=dict)
    """Node id of each case that was not deselected, and its clauses."""
    left: dict[str, list[str]] = field(default_factory=dict)
    """Node id of each case that was deselected, and its clauses."""
    files: list[str] = field(default_factory=list)
    """Files that were collected without an error."""
    failed: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    """Files that hold more cases than those: deselected ones, or ones of a class that was refused."""


class Recorder:
    """Hooks of the collection and of each case."""

    def __init__(
        self, config: pytest.Config, options: Options, expected: Mapping[str, str]
    ) -> None:
        self.config, self.options, self.expected = config, options, expected
        self.facts = Facts()

    @pytest.hookimpl(tryfirst=True)  # before `-m` deselects
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Give every case its tier and clauses, as markers and as properties."""
        for item in items:
            name = name_of(item)
            if name != item.nodeid:
                item.user_properties.append((NAME, name))
            tier = tier_of(name)
            if tier is not None:
                item.add_marker(tier)
            if any(mark.args for mark in item.iter_markers("hypothesis")):
                item.add_marker(EVIDENCE)
                tier = EVIDENCE
            # A session that writes the bindings may meet unknown ids: `ptyspec trace` tells of them.
            clauses = clauses_of(item, known=bool(self.config.getoption("ptyspec_bindings")))
            item.stash[CLAUSES] = clauses
            item.user_properties += [("clause", clause.id) for clause in clauses]
            if tier is not None:
                item.user_properties.append(("tier", tier))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note which files were collected."""
        if report.failed:
            self.facts.failed.append(report.nodeid)
            self._partial([report.nodeid])
        elif report.nodeid.endswith(".py"):
            self.facts.files.append(report.nodeid)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note which cases are left out, and that their files are no longer whole."""
        self.facts.left.update({name_of(item): _ids(item) for item in items})
        self._partial(item.nodeid for item in items)

    def _partial(self, names: Iterable[str]) -> None:
        files = (name.partition("::")[0] for name in names)
        self.facts.partial = sorted({*self.facts.partial, *files})

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the cases; a worker sends all facts with its last message."""
        self.facts.cases = {name_of(item): _ids(item) for item in session.items}
        output: dict[str, Any] | None = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[WORKER_OUTPUT] = asdict(self.facts)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin with nothing found; a case that is repeated begins anew."""
        item.stash[FINDINGS], item.stash[RAISED], item.stash[USED] = {}, [], False
        judged = {} if self.config.getoption("runxfail", False) else self.expected
        item.stash[EXPECTED] = {name: judged[name] for name in _ids(item) if name in judged}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """End a case as an expected failure where what failed is a clause that is expected to."""
        reasons = item.stash[EXPECTED]
        if not reasons:
            return (yield)
        result, clauses = None, item.stash[CLAUSES]
        try:
            result = yield
        except (Exception, pytest.fail.Exception) as error:
            if assertion(error) and len(clauses) == 1 and not blamed([error]):
                one = clauses[0]
                finding = Finding(one.id, one.place, "assertion", str(error), "", State.FAILED)
                item.stash[FINDINGS][one.id, "assertion"] = finding
            unnamed = assertion(error) and len(clauses) > 1
            if blamed([error]) or unnamed or not _expected(item):
                raise  # another clause failed, or may have, or nothing that was expected
        if came := _expected(item):
            pytest.xfail("; ".join(reasons[name] for name in came))
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add states and margins; tell the clauses of a failure that does not name one."""
        if call.excinfo is not None:
            item.stash.setdefault(RAISED, []).append(call.excinfo.value)
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            # Of a subtest, too: the report of its whole case follows and replaces this.
            kept = [
                row
                for row in item.user_properties
                if row[0] not in (CASE, NOTE) and not row[0].startswith((STATE, MARGIN))
            ]
            item.user_properties[:] = [*kept, *self._states(item, setup=call.when == "setup")]
        report = yield
        clauses = item.stash.get(CLAUSES, ())
        names_one = call.excinfo is not None and blamed([call.excinfo.value])
        if report.failed and clauses and call.when != "teardown" and not names_one:
            report.sections.append(
                ("clause", section(clauses, name_of(item), self.options.changes))
            )
        return report

    def _states(self, item: pytest.Item, setup: bool) -> list[tuple[str, str]]:
        """Judge the case; return the states of its clauses, and margins, as user properties."""
        bound, found = _ids(item), item.stash.get(FINDINGS, {}).values()
        raised = item.stash.get(RAISED, [])
        failed = {*_expected(item), *blamed(raised)} & set(bound)
        state = ended(raised, setup=setup, expected=bool(failed))
        told: list[tuple[str, str]] = [(CASE, str(state))]
        if self.options.pipeline != REFERENCE and not item.stash.get(USED, False):
            state = State.NOT_RUN
            told.append((NOTE, UNUSED))
        held = {one.clause for one in found if one.state is State.PASSED}
        # The source is read where the answer hangs on it.
        alone = len(bound) == 1 and state is State.PASSED and not held.issuperset(bound)
        said = alone and asserts(getattr(item, "function", None))
        states = of_case(bound, state, failed=failed, held=held, asserts=said)
        item.stash[STATES] = states
        told += [(f"{STATE}{name}", str(one)) for name, one in states.items()]
        return [*told, *properties(found)]


def _ids(item: pytest.Item) -> list[str]:
    return [clause.id for clause in item.stash.get(CLAUSES, ())]


def _expected(item: pytest.Item) -> list[str]:
    """The clauses whose failure was expected, and came."""
    expected = item.stash.get(EXPECTED, {})
    found = item.stash.get(FINDINGS, {}).values()
    failed = (one.clause for one in found if one.state is State.FAILED)
    return [name for name in dict.fromkeys(failed) if name in expected]
