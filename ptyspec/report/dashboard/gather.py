"""All that a dashboard says, as JSON values (report.json): every number of the page is one of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ptyspec.experiments.board import VERDICTS
from ptyspec.experiments.documents import BoardRow
from ptyspec.report.dashboard import audits, campaign, clauses, history, runs
from ptyspec.report.dashboard.document import Report
from ptyspec.report.dashboard.wrong import status, wrong
from ptyspec.runs.environment import environment
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.spec.registry import specification
from ptyspec.spec.trace import Trace


@dataclass(frozen=True)
class Sources:
    """Where a dashboard's content comes from.

    - trace: clauses, cases and outcomes; None where there is no checkout.
    - runs: finished runs, in the order of their cards.
    - campaigns: campaign.json files, one a tier; audits: a hub's folder.
    - store: the run store, whose `reports/history` holds what former reports said.
    """

    trace: Trace | None
    runs: Sequence[FinishedRun]
    campaigns: Sequence[Path]
    store: Path
    audits: Path | None = None
    hypotheses: Sequence[BoardRow] = ()


def content(sources: Sources) -> dict[str, Any]:
    """Return the content of report.json, its headline on top; raises InputFileError for a source that is none."""
    cards: dict[str, Any] = {}
    for run in sources.runs:
        key = runs.key_of(run.folder, cards)
        cards[key] = runs.facts(run, key)
    found: dict[str, Any] = {
        "schema_version": 1,
        "status": "",
        "headline": {},
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "wrong": [],
        "clauses": _clauses(sources.trace),
        "runs": cards,
        "campaign": campaign.read(sources.campaigns),
        "hypotheses": _by_verdict(sources.hypotheses),
        "audits": audits.read(sources.audits),
        "environment": environment({}),
        "outcomes_from": sources.trace.environment if sources.trace else "",
    }
    found["wrong"] = wrong(found)
    found["status"] = status(found)
    found["headline"] = _headline(found)
    found["trend"] = [*history.former(sources.store), history.row_of(found)]
    return Report.model_validate(found).model_dump(mode="json", by_alias=True)


def _by_verdict(rows: Sequence[BoardRow]) -> dict[str, BoardRow]:
    """Hypotheses by id, open ones last."""
    return {row.id: row for row in sorted(rows, key=lambda row: VERDICTS.index(row.verdict))}


def _clauses(trace: Trace | None) -> dict[str, Any]:
    return (
        clauses.from_text(specification().values()) if trace is None else clauses.from_trace(trace)
    )


def _headline(found: Mapping[str, Any]) -> dict[str, Any]:
    bad = [row for row in found["runs"].values() if row["status"] != "right"]
    return {
        **clauses.counts(found["clauses"]),
        "cases": sum(row["cases"] for row in found["clauses"].values()),
        "kill_rate": found["campaign"]["kill_rate"] if found["campaign"] else None,
        **{
            verdict: sum(row.verdict == verdict for row in found["hypotheses"].values())
            for verdict in VERDICTS
        },
        "runs": len(found["runs"]),
        "runs_with_violations": len(bad),
        "violations": sum(row["severity"] == "violation" for row in found["wrong"]),
    }
