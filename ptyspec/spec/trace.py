"""The trace: every clause with its cases, how they ended, how much of its tolerance they used, and what is wrong.

A pure function of what was read and collected before. A finding is a *violation* (the specification or its binding is
wrong), *incomplete* (evidence is missing: cases that exist have not run) or a *note*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ptyspec.spec.citations import Citation
from ptyspec.spec.clause import Clause
from ptyspec.spec.collect import Case
from ptyspec.spec.fingerprint import Reviewed, changes, digests
from ptyspec.spec.ledger import LOOSE, TIGHT
from ptyspec.spec.outcomes import Outcome, Outcomes

Severity = Literal["violation", "incomplete", "note"]
State = Literal["failed", "passed", "skipped", "not run", "no case"]
FAILED = frozenset({"failed", "error", "xpassed"})


@dataclass(frozen=True)
class Finding:
    """Something to do: which clause, what, where, and the next command."""

    severity: Severity
    clause: str
    message: str
    source: str
    next_step: str


@dataclass(frozen=True)
class Row:
    """One clause, its cases, and the outcome of each that has run."""

    clause: Clause
    cases: tuple[Case, ...]
    outcomes: Mapping[str, Outcome]
    outdated: int = 0
    """How many of its cases have run with other code only."""

    @property
    def state(self) -> State:
        """Failed where one case failed, passed where one passed and none failed."""
        ended = {outcome.outcome for outcome in self.outcomes.values()}
        if not self.cases:
            return "no case"
        if ended & FAILED:
            return "failed"
        if "passed" in ended:
            return "passed"
        return "skipped" if ended else "not run"

    @property
    def failed(self) -> list[str]:
        """Node ids of the cases that failed."""
        return [name for name, outcome in self.outcomes.items() if outcome.outcome in FAILED]

    @property
    def missing(self) -> int:
        """How many of its cases have not run."""
        return len(self.cases) - len(self.outcomes)

    @property
    def margin(self) -> float | None:
        """The largest share of the clause's tolerance that a case used; None where nothing was measured."""
        return max((used for _, used in self.margins), default=None)

    @property
    def margins(self) -> list[tuple[str, float]]:
        """What was compared under this clause, and the share of the tolerance it used."""
        rows = [margin for outcome in self.outcomes.values() for margin in outcome.margins]
        return [(what, used) for clause, what, used in rows if clause == self.clause.id]

    @property
    def selectors(self) -> list[str]:
        """The test functions of its cases, as pytest takes them."""
        return list(dict.fromkeys(case.function for case in self.cases))

    @property
    def last(self) -> str:
        """When the latest of its cases ran; empty where none has."""
        return max((outcome.when for outcome in self.outcomes.values()), default="")


@dataclass(frozen=True)
class Trace:
    """The whole table and everything that is wrong with it."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    environment: str
    cases: int
    """All collected cases, bound or not."""

    def of(self, severity: Severity) -> list[Finding]:
        """Return the findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    @property
    def status(self) -> Literal["violation", "incomplete", "ok"]:
        """The headline: a violation outweighs missing evidence."""
        if self.of("violation"):
            return "violation"
        return "incomplete" if self.of("incomplete") else "ok"


def trace(
    clauses: Mapping[str, Clause],
    cases: Collection[Case],
    outcomes: Outcomes,
    reviewed: Mapping[str, Reviewed],
    citations: Collection[Citation] = (),
    golden: Collection[str] = (),
) -> Trace:
    """Join clauses, cases and outcomes, and name everything that is missing, unknown or out of date."""
    bound: dict[str, list[Case]] = {}
    for case in cases:
        for name in case.clauses:
            bound.setdefault(name, []).append(case)
    rows = tuple(_row(clause, bound.get(name, []), outcomes) for name, clause in clauses.items())
    findings = [finding for row in rows for finding in _of_row(row)]
    findings += _unknown(clauses, bound)
    findings += [_cited(citation) for citation in citations]
    findings += [
        Finding("violation", "", line, "golden", "ptyspec golden check") for line in golden
    ]
    findings += _reviews(clauses, cases, reviewed)
    return Trace(rows, tuple(findings), outcomes.environment, len(cases))


def _row(clause: Clause, cases: list[Case], outcomes: Outcomes) -> Row:
    ended = {case.id: outcomes.cases[case.id] for case in cases if case.id in outcomes.cases}
    return Row(clause, tuple(cases), ended, sum(case.id in outcomes.outdated for case in cases))


def _of_row(row: Row) -> Iterator[Finding]:
    clause = row.clause

    def found(severity: Severity, message: str, next_step: str) -> Finding:
        return Finding(severity, clause.id, message, clause.source, next_step)

    binding: Severity = "violation" if clause.level == "MUST" else "note"
    if clause.unfinished:
        yield found(
            "violation",
            "it is a skeleton still",
            f"write the sentence and its reason in {clause.source}",
        )
    if row.state == "no case":
        yield found(binding, f"a {clause.level} without a case", f"ptyspec new case {clause.id}")
    elif row.state == "failed":
        yield found(
            binding,
            f"{len(row.failed)} of {len(row.cases)} cases failed",
            f"pytest '{row.failed[0]}'",
        )
    elif row.state == "skipped":
        yield found(
            binding, "its cases were skipped: none has passed", f"pytest -rs '{row.cases[0].id}'"
        )
    if row.cases and row.missing:
        missing: Severity = (
            "incomplete" if clause.level == "MUST" and row.state == "not run" else "note"
        )
        named = next(case.id for case in row.cases if case.id not in row.outcomes)
        since = f" ({row.outdated} of them ran with other code)" if row.outdated else ""
        yield found(
            missing,
            f"{row.missing} of {len(row.cases)} cases have not run{since}",
            f"pytest '{named}'",
        )
    if row.margin is not None and row.margin < LOOSE:
        yield found(
            "note",
            f"its cases use {row.margin:.2g} of the tolerance: it is loose",
            f"tighten {clause.source}",
        )
    elif row.margin is not None and row.margin > TIGHT and row.state != "failed":
        yield found(
            "note",
            f"its cases use {row.margin:.2g} of the tolerance: it is tight",
            f"measure {clause.source}",
        )
    if clause.tolerance.mode != "exact" and row.state == "passed" and row.margin is None:
        yield found(
            "note",
            "it states a tolerance that no case uses",
            "clause.close(...) in one of its cases",
        )


def _unknown(clauses: Mapping[str, Clause], bound: Mapping[str, list[Case]]) -> Iterator[Finding]:
    for name, cases in bound.items():
        if name not in clauses:
            where = sorted({case.source for case in cases})[0]
            next_step = "correct the marker, or write the clause: ptyspec new clause"
            yield Finding("violation", name, "bound to, and not in any document", where, next_step)


def _cited(citation: Citation) -> Finding:
    if citation.kind == "clause":
        return Finding(
            "violation",
            citation.what,
            "cited, and not in any document",
            citation.source,
            "correct the citation",
        )
    return Finding(
        "violation",
        "",
        f"{citation.what} collects nothing",
        citation.source,
        "correct the selector",
    )


def _reviews(
    clauses: Mapping[str, Clause], cases: Collection[Case], reviewed: Mapping[str, Reviewed]
) -> Iterator[Finding]:
    for change in changes(clauses, cases, reviewed):
        source = (
            clauses[change.clause].source if change.clause in clauses else "specs/reviewed.json"
        )
        yield Finding("violation", change.clause, change.message, source, change.next_step)
    now = digests(cases)
    for name, clause in clauses.items():
        gone = (
            sorted(set(reviewed[name].cases) - set(now.get(name, {}))) if name in reviewed else []
        )
        if gone:
            message = f"cases of the review are gone: {', '.join(gone)}"
            yield Finding(
                "note", name, message, clause.source, f"ptyspec trace --review {name} --reason TEXT"
            )
