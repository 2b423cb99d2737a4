"""All that a dashboard says, from where tests, campaigns, audits and runs left it; nothing is computed anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ptyspec.checks.report import HUB, HubFile
from ptyspec.contracts.records import Environment
from ptyspec.experiments.board import VERDICTS
from ptyspec.experiments.documents import BoardRow
from ptyspec.files.jsonfile import read_document
from ptyspec.report.dashboard import campaign, runs
from ptyspec.report.dashboard.document import ClauseRow, Report, RunRow, Used, counts
from ptyspec.report.dashboard.wrong import status, wrong
from ptyspec.report.trace import finite, said
from ptyspec.runs.environment import environment
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.spec.trace import Row, Trace

MOST = 6
"""So many quantities and failed cases of a clause are listed."""


@dataclass(frozen=True)
class Sources:
    """Where a dashboard's content comes from.

    - trace: clauses, cases and outcomes.
    - runs: finished runs, in the order of their cards.
    - campaigns: campaign.json files, one a tier; audits: a hub's folder, or one that holds hubs.
    """

    trace: Trace
    runs: Sequence[FinishedRun] = ()
    campaigns: Sequence[Path] = ()
    audits: Path | None = None
    hypotheses: Sequence[BoardRow] = ()


def content(sources: Sources, out: Path) -> Report:
    """Return what a page in `out` says; raises InputFileError for a source that is none."""
    cards: dict[str, RunRow] = {}
    for run in sources.runs:
        key = runs.key_of(run.folder, cards)
        cards[key] = runs.card(run, key, out)
    after = sources.trace.follows
    clauses = {row.clause.id: _clause(row, after) for row in sources.trace.rows}
    faults, audits = campaign.read(sources.campaigns), hub(sources.audits)
    found = wrong(clauses, cards, faults, audits)
    board = sorted(sources.hypotheses, key=lambda row: VERDICTS.index(row.verdict))
    verdicts: list[str] = [row.verdict for row in board]
    return Report(
        status=status(clauses, found),
        headline={
            **counts(clauses.values()),
            "cases": sum(row.cases for row in clauses.values()),
            "kill_rate": faults and faults.kill_rate,
            **{verdict: verdicts.count(verdict) for verdict in VERDICTS},
            "runs": len(cards),
            "runs_with_violations": sum(row.status != "right" for row in cards.values()),
            "violations": sum(row.severity == "violation" for row in found),
        },
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        wrong=found,
        clauses=clauses,
        runs=cards,
        campaign=faults,
        hypotheses={row.id: row for row in board},
        audits=audits,
        environment=Environment.model_validate(environment({})),
        outcomes_from=sources.trace.environment,
    )


def _clause(row: Row, after: dict[str, str]) -> ClauseRow:
    clause, standing = row.clause, row.standing
    margins = sorted(row.margins, key=lambda pair: -pair[1])[:MOST]
    return ClauseRow(
        **said(clause),
        why=clause.why,
        document=clause.document,
        state=standing.state,
        ran=standing.ran,
        detail=str(standing),
        after=after.get(clause.id, ""),
        margin=finite(row.margin),
        margins=[Used(what=what, used=finite(used)) for what, used in margins],
        cases=len(row.cases),
        outcomes=Counter(str(row.of(outcome)) for outcome in row.ran.values()),
        failed=row.failed[:MOST],
        selectors=row.selectors[:MOST],
        last=row.last,
    )


def hub(folder: Path | None) -> dict[str, Any] | None:
    """Return status by kind and findings of a hub of audits, the newest where the folder holds several.

    None where none was named; raises InputFileError for no hub.
    """
    if folder is None:
        return None
    path = folder / HUB
    if not path.is_file():
        path = max(folder.glob(f"*/{HUB}"), default=path)
    again = "ptyspec audit --all SCENARIO --out DIR makes one"
    told = read_document(path, HubFile, "hub of audits", again).model_dump(mode="json")
    return {
        "folder": str(path.parent),
        **{key: told[key] for key in ("status", "time", "command", "findings", "kinds")},
        "subjects": [row["name"] for row in told["subjects"]],
    }
