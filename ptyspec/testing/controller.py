"""In the one process that sees all reports: the session's ledger, its record on disk, its verdict and its summary.

A file of expected failures (`--ptyspec-xfails FILE`, for a pipeline that does not satisfy every clause yet) names one
clause a line, then the reason: `CLAUSE-ID  # reason`. Its checks may fail, and in at least one case they must: a
pipeline rarely breaks a clause in every respect. The check of another clause fails its case as ever, and so does an
error.
"""

import re
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

import ptyspec
from ptyspec.contracts.stages import REFERENCE, SUITE
from ptyspec.errors import InputFileError, PtyspecError
from ptyspec.files.jsonfile import write_json
from ptyspec.runs.environment import fingerprint
from ptyspec.spec.clause import ID, LEVELS, Clause, specification
from ptyspec.spec.finding import Standing, State, failures, follows, standing
from ptyspec.spec.ledger import NAME, RECORD, Outcome, Stamps, document, merged
from ptyspec.testing.plugin import Options
from ptyspec.testing.recorder import WORKER_OUTPUT, Facts

LINE = re.compile(rf"(?P<clause>{ID})\s+#\s*(?P<reason>\S.*)")


def read_xfails(path: Path) -> dict[str, str]:
    """Return the reason of each clause that is expected to fail, and where it stands.

    Raises InputFileError naming a line that is none, UnknownClauseError for a clause that no document has.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"the file of expected failures cannot be read: {error}"
        raise InputFileError(message, value=path, source="--ptyspec-xfails") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text, source = line.strip(), f"{path.name}:{number}"
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if match is None:
            message, next_step = "not a clause and a reason", "write `CLAUSE-ID  # reason`"
            raise InputFileError(message, value=text, source=source, next_step=next_step)
        found[specification()[match["clause"]].id] = f"{match['reason']} ({source})"
    return found


WORDS = (
    "passed",
    "partly run",
    "failed",
    "failed as expected",
    "error",
    "error as expected",
    "not reached",
    "not run",
    "no case",
)
MAX_FAILED = 6
SKIPPED = "skipped: "


def standings(
    clauses: Iterable[Clause],
    outcomes: Mapping[str, Outcome],
    bound: Mapping[str, Sequence[str]],
    expected: Collection[str] = (),
) -> dict[str, Standing]:
    """Return how each clause stands after a session.

    `bound` gives the clauses of every case that was collected, `expected` the clauses whose checks
    are expected to fail.
    """
    cases = Counter(name for names in bound.values() for name in names)

    def of(name: str) -> Standing:
        rows = [row for row in outcomes.values() if name in row.clauses]
        bad = [row for row in rows if row.clauses[name] in (State.FAILED, State.ERROR)]
        known = all(
            row.expected or (name in expected and row.clauses[name] is State.FAILED) for row in bad
        )
        return standing([row.clauses[name] for row in rows], cases[name], known)

    return {one.id: of(one.id) for one in clauses}


def lines(
    clauses: Sequence[Clause],
    found: Mapping[str, Standing],
    outcomes: Mapping[str, Outcome],
    complete: bool,
    skips: bool = True,
) -> Iterator[str]:
    """Yield the summary; clauses without a case are counted where the whole suite was collected.

    `skips`: why cases were skipped is told here.
    """
    told = [one for one in clauses if found[one.id].cases or complete]
    levels = []
    for level in LEVELS:
        counts = Counter(found[one.id].word for one in told if one.level == level)
        if parts := [f"{counts[word]} {word}" for word in WORDS if counts[word]]:
            levels.append(f"{level} {', '.join(parts)}")
    if not levels:
        return
    yield f"clauses: {' · '.join(levels)}"
    # The failed clauses, the earliest stage first: later ones may follow from it.
    rows, level_of = failures(clauses, found), {one.id: one.level for one in clauses}
    for row in rows[:MAX_FAILED]:
        cause = follows(rows)[row.clause]
        after = f"; may follow from {cause}" if cause else ""
        yield f"  failed {row.clause} · {row.what} ({level_of[row.clause]}, {row.stage}){after}"
    if len(rows) > MAX_FAILED:
        yield f"  and {len(rows) - MAX_FAILED} more"
    errors = [one.id for one in told if found[one.id].word == "error"]
    if errors:
        yield f"  error  {some(errors)}: the case broke, which says nothing of the clause"
    unnamed = [name for name, outcome in outcomes.items() if outcome.clauses and outcome.unnamed]
    if unnamed:
        yield f"  failed, and no check says which clause: {some(unnamed, 2)}"
    notes = Counter(outcome.note for outcome in outcomes.values() if outcome.note)
    for note, count in notes.items():
        if skips or not note.startswith(SKIPPED):
            yield f"  {count} cases: {note}"
    yield "details: ptyspec trace"


def reach(
    clauses: Sequence[Clause], outcomes: Mapping[str, Outcome], pipeline: str
) -> Iterator[str]:
    """Yield how many clauses judged a pipeline, and why the others did not."""
    from ptyspec.checks.judge import registered  # numpy: not where no pipeline is named
    from ptyspec.checks.reach import OURS

    states: dict[str, set[State]] = {}
    notes: dict[str, str] = {}
    for row in outcomes.values():
        for name, state in row.clauses.items():
            states.setdefault(name, set()).add(state)
            notes.setdefault(name, row.note)
    judged = [one for one in clauses if states.get(one.id, {State.NOT_RUN}) != {State.NOT_RUN}]
    must = sum(one.level == "MUST" for one in judged)
    yield f"{len(judged)} of {len(clauses)} clauses judged {pipeline}, {must} of them MUST"
    able = {check.clause for check in registered()}
    reasons: dict[str, list[str]] = {}
    for one in clauses:
        if one not in judged:
            told = notes.get(one.id) or ("not asked here" if one.id in able else OURS)
            reasons.setdefault(told.removeprefix(SKIPPED), []).append(one.id)
    for told, names in reasons.items():
        yield f"  {len(names)} do not apply, {told}: {some(names)}"


def _reason(report: pytest.TestReport) -> str:
    """Why a case was skipped, in its own words."""
    told = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else ""
    return f"{SKIPPED}{told.removeprefix('Skipped: ')}" if told else "skipped"


def some(names: Sequence[str], most: int = 6) -> str:
    """Return the first of these names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


class Controller:
    """Hooks of the whole session."""

    def __init__(
        self, config: pytest.Config, options: Options, expected: Mapping[str, str], facts: Facts
    ) -> None:
        self.config, self.options, self.expected, self.facts = config, options, expected, facts
        self.rows: dict[str, Outcome] = {}
        # What is edited from now on has not been tested.
        self.stamps = Stamps(
            config.rootpath, time.time(), "" if options.usual else options.pipeline
        )
        self.problems: list[str] = []
        self.notes: list[str] = []

    def pytest_report_header(self) -> str:
        """Name what changes bits (versions, threads, oneDNN, CPU), and what is tested where it is not the usual."""
        subject = self.options.subject
        return f"ptyspec: {fingerprint()}{f'; {subject}' if subject else ''}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one phase of one case."""
        name = str(dict(report.user_properties).get(NAME, report.nodeid))
        row = self.rows.get(name)
        if row is None or report.when == "setup":
            began = datetime.fromtimestamp(getattr(report, "start", 0.0), UTC)
            when = began.isoformat(timespec="seconds")
            row = self.rows[name] = Outcome(when=when, ended=False)
        row.seconds += report.duration
        if hasattr(report, "context"):  # a subtest: its case fails with it
            return
        if report.when in ("setup", "call"):
            row.take(report.user_properties)
            known = hasattr(report, "wasxfail")
            if report.skipped:
                row.expected = known and row.state is not State.NOT_RUN
                row.note = row.note or ("" if known else _reason(report))
            elif row.state is State.PASSED and (known or report.failed):
                row.state, row.note = State.FAILED, "passed, and was expected to fail"
        elif report.failed:  # a fixture's end, or the worker crashed
            row.broke()
        # A crashed worker's case ends in no phase at all.
        row.ended = report.when not in ("setup", "call")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take the facts of the collection from the first worker that ends; all workers collect the same."""
        sent = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT)
        if sent is not None and not self.facts.cases:
            self.facts = Facts(**sent)

    def pytest_sessionstart(self) -> None:
        """Make pytest's cache folder: `collect` keeps the list of all cases there, and only where it is."""
        cache = getattr(self.config, "cache", None)
        if cache is not None and not self.config.getoption("collectonly"):
            with suppress(OSError):  # what cannot be written is told at the end
                cache.mkdir("ptyspec")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the record; fail a session in which a clause that was expected to fail did not."""
        self.rows = {name: row for name, row in self.rows.items() if row.ended}
        for name, row in self.rows.items():  # a case whose worker crashed has told nothing
            if not row.clauses:
                row.clauses = dict.fromkeys(self.facts.cases.get(name, ()), State.ERROR)
        if self.rows:
            self._write()
        if not self.config.getoption("collectonly"):
            self._judge()
        if self.problems and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the summary."""
        told: list[str] = []
        if self.rows and any(self.facts.cases.values()):
            clauses, bound = [*specification().values()], {**self.facts.left, **self.facts.cases}
            found = standings(clauses, self.rows, bound, self.expected)
            named = self.options.pipeline != REFERENCE
            told += lines(clauses, found, self.rows, self._complete(), skips=not named)
            if named:
                told += reach(clauses, self.rows, self.options.pipeline)
        if told or self.problems or self.notes:
            terminalreporter.section("ptyspec", red=bool(self.problems))
        for line in [*told, *self.notes]:
            terminalreporter.line(line)
        for line in self.problems:
            terminalreporter.line(line, red=True)

    def _judge(self) -> None:
        complete, suite = self._complete(), self._asks_for_the_suite()
        left = {name for names in self.facts.left.values() for name in names}
        for name in self.expected if complete or suite else ():
            if not complete and name in left:
                continue
            cases = [case for case, bound in self.facts.cases.items() if name in bound]
            states = [self.rows[case].clauses.get(name) for case in cases if case in self.rows]
            if not cases:
                self.notes.append(f"{name} was expected to fail, and has no case here")
            elif states == [State.PASSED] * len(cases):
                told = f"{name} was expected to fail, and all its {len(cases)} cases passed"
                self.problems.append(told)

    def _complete(self) -> bool:
        """Whether every case of the suite was collected: nothing left out, deselected or broken."""
        config, facts = self.config, self.facts
        options = ("lf", "ignore", "ignore_glob", "markexpr")
        left_out = any(config.getoption(name, None) for name in options)
        if left_out or facts.partial or facts.failed or not facts.files:
            return False
        paths = config.getini("testpaths") or ["."]
        wanted = [config.rootpath / path for path in paths]
        given = [(config.invocation_params.dir / word).resolve() for word in config.args]
        return all(any(whole.resolve().is_relative_to(one) for one in given) for whole in wanted)

    def _asks_for_the_suite(self) -> bool:
        """Whether the whole suite that ships was named: its clauses are judged one by one, whatever else is left out."""
        package = SUITE.strip("/")
        return any(
            word.replace(".", "/").rstrip("/").endswith(package) for word in self.config.args
        )

    def _write(self) -> None:
        usual, subject = self.options.usual, self.options.subject
        environment = fingerprint() if usual else f"{fingerprint()}, {subject}"
        cases = {name: row.as_json(self.stamps.of(name)) for name, row in self.rows.items()}
        if (path := self.options.results) is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_json(path, document(environment, cases))
            except (OSError, PtyspecError) as error:
                self.problems.append(f"--ptyspec-results: {error}")
        cache = getattr(self.config, "cache", None)
        # Another pipeline's outcomes are not those of this repository; a folder elsewhere has the suite for them.
        named = self.options.pipeline != REFERENCE and not self.options.faults
        guest = named and not Path(ptyspec.__file__).is_relative_to(self.config.rootpath)
        if cache is not None and (usual or guest):
            try:
                with FileLock(cache.mkdir("ptyspec") / "outcomes.lock"):
                    root = self.config.rootpath
                    rows = merged(cache.get(RECORD, None), cases, root)
                    cache.set(
                        RECORD, document(environment, rows, "" if usual else self.options.pipeline)
                    )
            except OSError as error:  # as pytest itself does where its cache cannot be written
                self.notes.append(f"outcomes are not kept: {error}")
