"""What is wrong, most telling first: which clause broke, at which stage, what was seen, and where to go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ptyspec.spec.clause import PLACES
from ptyspec.spec.finding import State

Content = Mapping[str, Any]
OK, VIOLATION, INCOMPLETE = "ok", "violation", "incomplete"


def wrong(content: Content) -> list[dict[str, Any]]:
    """Return everything that does not hold, one entry each: runs, then clauses, faults and audits, by stage.

    `severity` is `violation`, or `note` for what is a SHOULD or a fault that nobody notices.
    """
    found = [*_runs(content), *_clauses(content), *_faults(content), *_audits(content)]
    order = {place: at for at, place in enumerate(PLACES)}
    kinds = ("run", "clause", "fault", "audit")
    return sorted(
        found,
        key=lambda row: (kinds.index(row["kind"]), row["of"], order.get(row["stage"], len(order))),
    )


def status(content: Content) -> str:
    """Return the headline: a violation outweighs missing evidence."""
    if any(row["severity"] == VIOLATION for row in content["wrong"]):
        return VIOLATION
    must = [row for row in content["clauses"].values() if row["level"] == "MUST"]
    return INCOMPLETE if any(row["state"] != State.PASSED for row in must) else OK


def _entry(
    kind: str, clause: str, stage: str, what: str, observed: str, limit: str, link: str, **more: Any
) -> dict[str, Any]:
    return {
        "kind": kind,
        "of": "",
        "clause": clause,
        "stage": stage,
        "what": what,
        "observed": observed,
        "limit": limit,
        "link": link,
        "severity": VIOLATION,
        **more,
    }


def _runs(content: Content) -> Iterator[dict[str, Any]]:
    for key, run in content["runs"].items():
        for row in run["findings"]:
            if row["ok"] is False:
                clause = content["clauses"].get(row["clause"], {})
                severity = VIOLATION if clause.get("level", "MUST") == "MUST" else "note"
                yield _entry(
                    "run",
                    row["clause"],
                    row["stage"],
                    row["what"],
                    row["observed"],
                    row["limit"],
                    f"#run-{key}",
                    of=key,
                    severity=severity,
                )
        for one in run["verdict"]["doubts"]:
            yield _entry(
                "run",
                "",
                "score",
                one["what"],
                one["observed"],
                f"right: {one['expected']}",
                f"#run-{key}",
                of=key,
                severity="note",
            )


def _clauses(content: Content) -> Iterator[dict[str, Any]]:
    for name, row in content["clauses"].items():
        if row["state"] in (State.FAILED, State.ERROR):
            observed = (
                f"{row['outcomes'].get(row['state'], 0)} of {row['cases']} cases: {row['state']}"
            )
            observed += f"; may follow from {row['after']}" if row["after"] else ""
            severity = VIOLATION if row["level"] == "MUST" else "note"
            yield _entry(
                "clause",
                name,
                row["place"],
                row["title"],
                observed,
                row["tolerance"],
                f"#clause-{name}",
                severity=severity,
            )


def _faults(content: Content) -> Iterator[dict[str, Any]]:
    campaign = content["campaign"] or {"faults": {}, "missed": {}}
    for name, row in campaign["faults"].items():
        if row["status"] == "survived":
            observed = f"no clause went red; {row['reached']} cases came through it"
            yield _entry(
                "fault",
                "",
                row["stage"],
                f"fault {name} survives: {row['story']}",
                observed,
                "one red clause",
                f"#fault-{name}",
                severity="note",
            )
        for clause, said, observed, limit in [
            *(
                (one, f"went red under fault {name}, which is not its matter", "red", "green")
                for one in row["blind_red"]
            ),
            *(
                (one, f"stays green under fault {name}, which it should notice", "green", "red")
                for one in campaign["missed"].get(name, ())
            ),
        ]:
            yield _entry(
                "fault",
                clause,
                row["stage"],
                said,
                observed,
                limit,
                f"#fault-{name}",
                severity="note",
            )


def _audits(content: Content) -> Iterator[dict[str, Any]]:
    for row in (content["audits"] or {"findings": []})["findings"]:
        if row["ok"] is False:
            place = content["clauses"].get(row["clause"], {}).get("place", "evidence")
            yield _entry(
                "audit",
                row["clause"],
                place,
                row["what"],
                "broken",
                row["limit"],
                f"#audit-{row['kind']}",
            )
