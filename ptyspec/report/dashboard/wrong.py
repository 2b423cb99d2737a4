"""What is wrong, most telling first: which clause broke, at which stage, what was seen, and where to go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from ptyspec.report.dashboard.document import Campaign, ClauseRow, RunRow, Severity, Wrong
from ptyspec.spec.clause import PLACES
from ptyspec.spec.finding import State

Clauses = Mapping[str, ClauseRow]
KINDS = ("run", "clause", "fault", "audit")
FIELDS = ("kind", "of", "link", "severity", "clause", "stage", "what", "observed", "limit")


def wrong(
    clauses: Clauses,
    runs: Mapping[str, RunRow],
    campaign: Campaign | None,
    audits: Mapping[str, Any] | None,
) -> list[Wrong]:
    """Return everything that does not hold, one entry each: runs, then clauses, faults and audits, by stage.

    `severity` is `violation`, or `note` for what is a SHOULD or a fault that nobody notices.
    """
    made = [*_runs(clauses, runs), *_clauses(clauses), *_faults(campaign)]
    made += _audits(clauses, audits)
    rows = [Wrong.model_validate(dict(zip(FIELDS, row, strict=True))) for row in made]
    order = {place: at for at, place in enumerate(PLACES)}
    return sorted(
        rows, key=lambda row: (KINDS.index(row.kind), row.of, order.get(row.stage, len(order)))
    )


def status(clauses: Clauses, found: list[Wrong]) -> Literal["ok", "violation", "incomplete"]:
    """Return the headline: a violation outweighs missing evidence."""
    if any(row.severity == "violation" for row in found):
        return "violation"
    must = [row for row in clauses.values() if row.level == "MUST"]
    return "incomplete" if any(row.state is not State.PASSED for row in must) else "ok"


def _severity(clause: ClauseRow | None) -> Severity:
    return "violation" if clause is None or clause.level == "MUST" else "note"


def _runs(clauses: Clauses, runs: Mapping[str, RunRow]) -> Iterator[tuple[str, ...]]:
    for key, run in runs.items():
        head = ("run", key, f"#run-{key}")
        for row in run.verdict.failed:
            severity = _severity(clauses.get(row.clause))
            yield (*head, severity, row.clause, row.stage, row.what, row.observed, row.expected)
        for one in run.verdict.doubts:
            yield (*head, "note", "", "score", one.what, one.observed, f"right: {one.expected}")


def _clauses(clauses: Clauses) -> Iterator[tuple[str, ...]]:
    for name, row in clauses.items():
        if row.state in (State.FAILED, State.ERROR):
            seen = f"{row.outcomes.get(row.state, 0)} of {row.cases} cases: {row.state}"
            seen += f"; may follow from {row.after}" if row.after else ""
            head = ("clause", "", f"#clause-{name}", _severity(row), name, row.place)
            yield (*head, row.title, seen, row.tolerance)


def _faults(campaign: Campaign | None) -> Iterator[tuple[str, ...]]:
    for name, row in campaign.faults.items() if campaign else ():
        head = ("fault", "", f"#fault-{name}", "note")
        if row.status == "survived":
            what = f"fault {name} survives: {row.story}"
            seen = f"no clause went red; {row.reached} cases came through it"
            yield (*head, "", row.stage, what, seen, "one red clause")
        for clause in row.blind_red:
            what = f"went red under fault {name}, which is not its matter"
            yield (*head, clause, row.stage, what, "red", "green")
        for clause in row.missed:
            what = f"stays green under fault {name}, which it should notice"
            yield (*head, clause, row.stage, what, "green", "red")


def _audits(clauses: Clauses, audits: Mapping[str, Any] | None) -> Iterator[tuple[str, ...]]:
    for row in audits["findings"] if audits else ():
        if row["ok"] is False:
            place = clauses[row["clause"]].place if row["clause"] in clauses else "evidence"
            head = ("audit", "", f"#audit-{row['kind']}", "violation", row["clause"], place)
            yield (*head, row["what"], "broken", row["limit"])
