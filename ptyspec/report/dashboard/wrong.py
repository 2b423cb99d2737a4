"""What is wrong, most telling first: which clause broke, at which stage, what was seen, and where to go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ptyspec.spec.clause import PLACES
from ptyspec.spec.finding import State

Content = Mapping[str, Any]
OK, VIOLATION, INCOMPLETE = "ok", "violation", "incomplete"
KINDS = ("run", "clause", "fault", "audit")
FIELDS = ("kind", "of", "link", "severity", "clause", "stage", "what", "observed", "limit")
"""Of a row of document.Wrong."""


def wrong(content: Content) -> list[dict[str, Any]]:
    """Return everything that does not hold, one entry each: runs, then clauses, faults and audits, by stage.

    `severity` is `violation`, or `note` for what is a SHOULD or a fault that nobody notices.
    """
    made = [*_runs(content), *_clauses(content), *_faults(content), *_audits(content)]
    rows = [dict(zip(FIELDS, row, strict=True)) for row in made]
    order = {place: at for at, place in enumerate(PLACES)}
    return sorted(
        rows,
        key=lambda row: (KINDS.index(row["kind"]), row["of"], order.get(row["stage"], len(order))),
    )


def status(content: Content) -> str:
    """Return the headline: a violation outweighs missing evidence."""
    if any(row["severity"] == VIOLATION for row in content["wrong"]):
        return VIOLATION
    must = [row for row in content["clauses"].values() if row["level"] == "MUST"]
    return INCOMPLETE if any(row["state"] != State.PASSED for row in must) else OK


def _severity(clause: Mapping[str, Any]) -> str:
    return VIOLATION if clause.get("level", "MUST") == "MUST" else "note"


def _runs(content: Content) -> Iterator[tuple[str, ...]]:
    for key, run in content["runs"].items():
        head = ("run", key, f"#run-{key}")
        for row in run["findings"]:
            if row["ok"] is False:
                severity = _severity(content["clauses"].get(row["clause"], {}))
                told = (row["what"], row["observed"], row["limit"])
                yield (*head, severity, row["clause"], row["stage"], *told)
        for one in run["verdict"]["doubts"]:
            told = (one["what"], one["observed"], f"right: {one['expected']}")
            yield (*head, "note", "", "score", *told)


def _clauses(content: Content) -> Iterator[tuple[str, ...]]:
    for name, row in content["clauses"].items():
        state = row["state"]
        if state in (State.FAILED, State.ERROR):
            seen = f"{row['outcomes'].get(state, 0)} of {row['cases']} cases: {state}"
            seen += f"; may follow from {row['after']}" if row["after"] else ""
            head = ("clause", "", f"#clause-{name}", _severity(row), name, row["place"])
            yield (*head, row["title"], seen, row["tolerance"])


def _faults(content: Content) -> Iterator[tuple[str, ...]]:
    campaign = content["campaign"] or {"faults": {}, "missed": {}}
    for name, row in campaign["faults"].items():
        head, stage = ("fault", "", f"#fault-{name}", "note"), row["stage"]
        if row["status"] == "survived":
            what = f"fault {name} survives: {row['story']}"
            seen = f"no clause went red; {row['reached']} cases came through it"
            yield (*head, "", stage, what, seen, "one red clause")
        for clause in row["blind_red"]:
            what = f"went red under fault {name}, which is not its matter"
            yield (*head, clause, stage, what, "red", "green")
        for clause in campaign["missed"].get(name, ()):
            what = f"stays green under fault {name}, which it should notice"
            yield (*head, clause, stage, what, "green", "red")


def _audits(content: Content) -> Iterator[tuple[str, ...]]:
    for row in (content["audits"] or {"findings": []})["findings"]:
        if row["ok"] is False:
            place = content["clauses"].get(row["clause"], {}).get("place", "evidence")
            head = ("audit", "", f"#audit-{row['kind']}", VIOLATION, row["clause"], place)
            yield (*head, row["what"], "broken", row["limit"])
