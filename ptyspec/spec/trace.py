"""The trace: every clause with its cases, how it stands after them, and what is wrong with that.

A pure function of what was read and collected before; and the citations in documents and code, of clause ids and pytest
selectors, that lead nowhere: a selector rots when a test is renamed, an id when a clause is split.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ptyspec.spec.authoring import Reviewed, changes
from ptyspec.spec.cases import Case
from ptyspec.spec.checks import reproduction
from ptyspec.spec.clause import ID, Clause
from ptyspec.spec.finding import (
    Finding,
    Remark,
    Severity,
    Standing,
    State,
    failures,
    follows,
    standing,
)
from ptyspec.spec.ledger import LOOSE, TIGHT, Ledger, Outcome

ENDED = {
    State.FAILED: "failed",
    State.ERROR: "ended with an error that says nothing of it",
    State.NOT_REACHED: "ended before a check of it was reached",
}
"""What is said of cases that left one of these states."""


@dataclass(frozen=True)
class Row:
    """One clause, its cases, and what each that has run left."""

    clause: Clause
    cases: tuple[Case, ...]
    ran: Mapping[str, Outcome]
    outdated: int = 0
    """How many of its cases have run with other code only."""

    @property
    def standing(self) -> Standing:
        """How the clause stands after its cases."""
        rows = [row for row in self.ran.values() if self.of(row) in (State.FAILED, State.ERROR)]
        expected = all(row.expected for row in rows)
        return standing(map(self.of, self.ran.values()), len(self.cases), expected)

    @property
    def state(self) -> State:
        """Passed where a check of it passed, and no case failed, broke or ended before its check."""
        return self.standing.state

    def of(self, row: Outcome) -> State:
        """Return the state that one case left of this clause."""
        return row.clauses.get(self.clause.id, State.NOT_RUN)

    def cases_in(self, state: State) -> list[str]:
        """Return the node ids of the cases that left this state of it."""
        return [name for name, row in self.ran.items() if self.of(row) is state]

    @property
    def failed(self) -> list[str]:
        """Node ids of the cases in which it failed, then of those that ended with an error."""
        return [*self.cases_in(State.FAILED), *self.cases_in(State.ERROR)]

    @property
    def margin(self) -> float | None:
        """The largest share of the tolerance that a case used; None where nothing was measured."""
        return max((used for _, used in self.margins), default=None)

    @property
    def margins(self) -> list[tuple[str, float]]:
        """What was compared under this clause, and the share of the tolerance it used."""
        rows = [margin for row in self.ran.values() for margin in row.margins]
        return [(what, used) for clause, what, used in rows if clause == self.clause.id]

    @property
    def selectors(self) -> list[str]:
        """The test functions of its cases, as pytest takes them."""
        return list(dict.fromkeys(case.function for case in self.cases))

    @property
    def last(self) -> str:
        """When the latest of its cases ran; empty where none has."""
        return max((row.when for row in self.ran.values()), default="")


@dataclass(frozen=True)
class Trace:
    """The whole table and everything that is wrong with it."""

    rows: tuple[Row, ...]
    findings: tuple[Remark, ...]
    environment: str
    cases: int
    """All collected cases, bound or not."""

    def of(self, severity: Severity) -> list[Remark]:
        """Return the remarks of one severity."""
        return [remark for remark in self.findings if remark.severity == severity]

    @property
    def status(self) -> Literal["violation", "incomplete", "ok"]:
        """The headline: a violation outweighs missing evidence."""
        if self.of("violation"):
            return "violation"
        return "incomplete" if self.of("incomplete") else "ok"

    @property
    def failures(self) -> list[Finding]:
        """The clauses that failed unexpectedly, the earliest stage first."""
        standings = {row.clause.id: row.standing for row in self.rows}
        return failures((row.clause for row in self.rows), standings)

    @property
    def follows(self) -> dict[str, str]:
        """Each failed clause with the one that it may follow from; "" at the earliest stage."""
        return follows(self.failures)


def trace(
    clauses: Mapping[str, Clause],
    cases: Collection[Case],
    ledger: Ledger,
    reviewed: Mapping[str, Reviewed],
    others: Iterable[Remark] = (),
    lent: Collection[str] = (),
) -> Trace:
    """Join clauses, cases and the ledger, and name what is missing, unknown or out of date, beside `others`.

    `lent`: clauses of another project, whose reviews and further cases lie there.
    """
    bound: dict[str, list[Case]] = {}
    for case in cases:
        for name in case.clauses:
            bound.setdefault(name, []).append(case)
    rows = []
    for name, clause in clauses.items():
        own = tuple(bound.get(name, ()))
        ended = {case.id: ledger.cases[case.id] for case in own if case.id in ledger.cases}
        rows.append(Row(clause, own, ended, sum(case.id in ledger.outdated for case in own)))
    told = [row for row in rows if row.cases or row.clause.id not in lent]
    remarks = [remark for row in told for remark in _of_row(row, lent)]
    remarks += _unnamed(clauses, cases, ledger)
    if ledger.note:
        remarks.append(Remark("note", "", ledger.note, "pytest's cache", "pytest"))
    remarks += _unknown(clauses, bound)
    kept = {name: clause for name, clause in clauses.items() if name not in lent}
    remarks += [*others, *changes(kept, cases, reviewed)]
    return Trace(tuple(rows), tuple(remarks), ledger.environment, len(cases))


def _of_row(row: Row, lent: Collection[str]) -> Iterator[Remark]:
    clause = row.clause

    def found(severity: Severity, message: str, next_step: str) -> Remark:
        return Remark(severity, clause.id, message, clause.source, next_step)

    binding: Severity = "violation" if clause.level == "MUST" else "note"
    if clause.unfinished:
        next_step = f"write the sentence and its reason in {clause.source}"
        yield found("violation", "it is a skeleton still", next_step)
    if not row.cases:
        yield found(binding, f"a {clause.level} without a case", f"ptyspec new case {clause.id}")
    elif message := _bad(row):
        named = [*row.failed, *row.cases_in(State.NOT_REACHED), *row.ran]
        yield found(binding, message, reproduction(named[0]))
    if missing := [case.id for case in row.cases if case.id not in row.ran]:
        silent = clause.level == "MUST" and not row.ran
        since = f" ({row.outdated} of them ran with other code)" if row.outdated else ""
        message = f"{len(missing)} of {len(row.cases)} cases have not run{since}"
        yield found("incomplete" if silent else "note", message, reproduction(missing[0]))
    if clause.id in lent:  # its figures are not for its reader to change
        return
    margin, stated = row.margin, clause.tolerance.mode != "exact"
    if margin is not None and margin < LOOSE:
        message = f"its cases use {margin:.2g} of the tolerance: it is loose"
        yield found("note", message, f"tighten {clause.source}")
    elif margin is not None and margin > TIGHT and row.state is not State.FAILED:
        message = f"its cases use {margin:.2g} of the tolerance: it is tight"
        yield found("note", message, f"measure {clause.source}")
    if stated and row.state is State.PASSED and margin is None:
        next_step = "clause.close(...) in one of its cases"
        yield found("note", "it states a tolerance that no case uses", next_step)


def _bad(row: Row) -> str:
    """What is wrong with how its cases ended; "" where it passed, or none has run."""
    if row.state in ENDED:
        known = ", as expected" if row.standing.expected else ""
        count = f"{len(row.cases_in(row.state))} of {len(row.cases)} cases"
        return f"{count} {ENDED[row.state]}{known}"
    if row.state is State.NOT_RUN and row.ran:
        return "its cases ran and made no check of it, or were skipped: none has passed"
    return ""


def _unnamed(
    clauses: Mapping[str, Clause], cases: Collection[Case], ledger: Ledger
) -> Iterator[Remark]:
    """Cases that failed without a word on which of their clauses: none of them is blamed."""
    for case in cases:
        outcome = ledger.cases.get(case.id)
        known = [name for name in case.clauses if name in clauses]
        if outcome is not None and known and outcome.unnamed:
            must = any(clauses[name].level == "MUST" for name in known)
            message = f"failed, and none of its clauses did: {outcome.note or 'a plain assertion'}"
            severity: Severity = "violation" if must else "note"
            yield Remark(severity, "", f"{case.id} {message}", case.source, reproduction(case.id))


def _unknown(clauses: Mapping[str, Clause], bound: Mapping[str, list[Case]]) -> Iterator[Remark]:
    for name, cases in bound.items():
        if name not in clauses:
            where = sorted({case.source for case in cases})[0]
            next_step = "correct the marker, or write the clause: ptyspec new clause"
            yield Remark("violation", name, "bound to, and not in any document", where, next_step)


CLAUSE_ID = re.compile(rf"(?<![\w-]){ID}(?![\w-])")
SELECTORS = (
    re.compile(
        r"(?<![\w/])((?:tests|ptyspec/conformance)/[\w/]*test_\w+\.py(?:::\w+)*(?:\[[\w.-]+\])?)"
    ),
    re.compile(r"pytest (?:-[\w=]+ )*(tests/\w+|-m \w+)/?(?=[\s`]|$)"),
)
NO_CLAUSES = ("SHA-", "AREA-")
EXAMPLE = "test_area_"
GENERATED = "seen-red.md"
"""A page that quotes failures: what it names was true when they were written."""


def unresolved(root: Path, clauses: Collection[str], cases: Collection[Case]) -> Iterator[Remark]:
    """Yield every citation of a clause that no document has, or of a selector that collects nothing."""
    known: set[str] = set()  # every selector that collects at least one of the cases
    for case in cases:
        file, *names = case.function.split("::")
        known |= {case.id, file, *("::".join([file, *names[: n + 1]]) for n in range(len(names)))}
        known |= {parent.as_posix() for parent in Path(file).parents}
        known |= {f"-m {case.tier}"} if case.tier else set()
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "specs").rglob("*.md")]
    for path in [*sorted(pages), *sorted((root / "ptyspec").rglob("*.py"))]:
        lines = path.read_text(encoding="utf-8").splitlines() if path.name != GENERATED else ()
        for number, line in enumerate(lines, start=1):
            source = f"{path.relative_to(root).as_posix()}:{number}"
            for name in CLAUSE_ID.findall(line):
                if name not in clauses and not name.startswith(NO_CLAUSES):
                    message, step = "cited, and not in any document", "correct the citation"
                    yield Remark("violation", name, message, source, step)
            cited = [name for one in SELECTORS for name in one.findall(line)]
            for name in cited if path.suffix == ".md" else ():
                if name not in known and EXAMPLE not in name:
                    message, step = f"{name} collects nothing", "correct the selector"
                    yield Remark("violation", "", message, source, step)
