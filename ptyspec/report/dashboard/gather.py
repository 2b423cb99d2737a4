"""All that a dashboard says, from where tests, campaigns, audits and runs left it; nothing is computed anew."""

import base64
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from ptyspec.checks.report import HUB, HubFile
from ptyspec.checks.verdict import verdict_of
from ptyspec.contracts.records import Environment, ScenarioFile, Setting
from ptyspec.errors import InputFileError
from ptyspec.experiments.judge import VERDICTS
from ptyspec.experiments.records import BoardRow
from ptyspec.faults import result
from ptyspec.files.jsonfile import read_document, read_json
from ptyspec.render import canvas
from ptyspec.report import figures
from ptyspec.report.dashboard import document
from ptyspec.report.dashboard.document import Campaign, ClauseRow, FaultRow, Report, RunRow
from ptyspec.report.pages import CAPTIONS
from ptyspec.report.scoreboard import columns
from ptyspec.report.trace import finite, said
from ptyspec.runs.environment import environment
from ptyspec.runs.finished_run import SCENARIO_FILE, FinishedRun
from ptyspec.scores import headline as scores
from ptyspec.spec.trace import Row, Trace

MOST = 6
"""So many quantities and failed cases of a clause are listed."""


@dataclass(frozen=True)
class Sources:
    """Where a dashboard's content comes from.

    - trace: clauses, cases and outcomes.
    - runs: finished runs, in the order of their cards.
    - campaigns: campaign.json files, one a tier; audits: a hub's folder, or one that holds hubs.
    - pipelines: kept answers of `ptyspec check --json`, and scoreboards.
    """

    trace: Trace
    runs: Sequence[FinishedRun] = ()
    campaigns: Sequence[Path] = ()
    audits: Path | None = None
    hypotheses: Sequence[BoardRow] = ()
    pipelines: Sequence[Path] = ()


def content(sources: Sources, out: Path) -> Report:
    """Return what a page in `out` says; raises InputFileError for a source that is none."""
    cards: dict[str, RunRow] = {}
    for run in sources.runs:
        key = key_of(run.folder, cards)
        cards[key] = card(run, key, out)
    after = sources.trace.follows
    clauses = {row.clause.id: _clause(row, after) for row in sources.trace.rows}
    faults, audits = read_campaigns(sources.campaigns), hub(sources.audits)
    found = document.wrong(clauses, cards, faults, audits)
    board = sorted(sources.hypotheses, key=lambda row: VERDICTS.index(row.verdict))
    verdicts: list[str] = [row.verdict for row in board]
    return Report(
        status=document.status(clauses, found),
        headline={
            **document.counts(clauses.values()),
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
        pipelines=columns(sources.pipelines),
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
        margins=[document.Used(what=what, used=finite(used)) for what, used in margins],
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


FILE = "campaign.json"
AGAIN = "run the campaign again, or leave --campaign out"
RANK = ("killed", "survived", "timeout", "infrastructure", "invalid")


def find_campaigns(root: Path | None, store: Path) -> list[Path]:
    """Return the campaigns of a checkout (docs/campaign and what lies below), else the newest of the run store.

    One that an earlier version left in the store is passed over.
    """
    if root is not None and (kept := sorted((root / "docs" / "campaign").rglob("*campaign*.json"))):
        return kept
    stored = sorted((store / "campaigns").glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
    for path in reversed(stored):
        with suppress(InputFileError):
            read_document(path, result.Campaign, "campaign")
            return [path]
    return []


def find_boards(root: Path | None) -> list[Path]:
    """Return the scoreboard of the public engines, where there is a checkout that has one."""
    kept = [] if root is None else [root / "engines" / "results" / "scoreboard.json"]
    return [path for path in kept if path.is_file()]


def read_campaigns(paths: Sequence[Path]) -> Campaign | None:
    """Return campaigns of several tiers as one, or None where there is none; raises InputFileError for other files."""
    parts = [read_document(path, result.Campaign, "campaign", AGAIN) for path in paths]
    if not parts:
        return None
    faults: dict[str, FaultRow] = {}
    for part in parts:
        for row in part.faults:
            faults[row.id] = _together(faults.get(row.id), row, part)
    valid = [row for row in faults.values() if row.status in ("killed", "survived")]
    survivors = [row.id for row in valid if row.status == "survived"]
    killed = len(valid) - len(survivors)
    reds = {name for row in faults.values() for name in row.red}
    order = {stage: at for at, stage in enumerate(result.WAY)}
    return Campaign(
        files=[str(path) for path in paths],
        tiers=[part.tier for part in parts],
        killed=killed,
        valid=len(valid),
        kill_rate=killed / len(valid) if valid else None,
        survivors=survivors,
        unkilled=sorted({one for part in parts for one in part.must_clauses_without_a_kill} - reds),
        faults=dict(sorted(faults.items(), key=lambda pair: (order[pair[1].stage], pair[0]))),
    )


def _together(known: FaultRow | None, of: result.Row, part: result.Campaign) -> FaultRow:
    """One fault in several tiers: killed where one tier kills it, and red in what any of them turned red."""
    kept = {name: getattr(of, name) for name in FaultRow.model_fields if hasattr(of, name)}
    kept |= {"red": {name: len(cases) for name, cases in of.red.items()}, "tiers": [part.tier]}
    row = FaultRow.model_validate({**kept, "missed": part.missed.get(of.id, ())})
    if known is None:
        return row
    better = min((known, row), key=lambda one: RANK.index(one.status))
    merged = {"red": {**row.red, **known.red}, "tiers": [*known.tiers, *row.tiers]}
    return better.model_copy(update=merged)


SHIPPED = ("gs1_ideal", "gs1_custom", "gs2_ideal", "gs2_custom")
SHIPPED_WITH = ("default", "scenario ", "profile ", "recipe ")
"""Sources of settings that belong to the package; any other is somebody's own: `--set`, a dictionary, a test."""
NEWEST = 400
"""So many of a store's newest runs are looked through."""
FILES = (
    *(f"{name}.json" for name in ("metrics", "stages", "history", "scenario", "environment")),
    *("report.html", "report.md"),
)
PICTURES = ("amplitude", "phase", "controls", "training", "frc")


def card(run: FinishedRun, key: str, out: Path) -> RunRow:
    """Return all that a run's card says; its files are named as a page in `out` finds them. Raises InputFileError."""
    recorded = read_document(run.folder / SCENARIO_FILE, ScenarioFile, "run's scenario")
    verdict = verdict_of(run)
    files = [run.folder / name for name in FILES if (run.folder / name).is_file()]
    return RunRow(
        key=key,
        name=recorded.name,
        folder=str(run.folder),
        time=run.environment.get("time") or "",
        recipe=_named(recorded.values, "recipe"),
        profile=_named(recorded.values, "profile"),
        faults=run.environment.get("faults") or [],
        status=verdict.status,
        verdict=verdict,
        scores=scores.headlines(run.metrics),
        stages=list(run.stages.values()),
        settings=recorded.values,
        files={path.name: Path(os.path.relpath(path, out)).as_posix() for path in files},
    )


def _named(settings: Mapping[str, Setting], kind: str) -> str:
    """The recipe or profile that set values, from their provenance; empty where none did."""
    sources = sorted({one.source for one in settings.values()})
    named = (text.removeprefix(f"{kind} ") for text in sources if text.startswith(f"{kind} "))
    return next(named, "")


def pictures(run: FinishedRun) -> list[dict[str, Any]]:
    """Return the pictures of a run as data addresses, the amplitude first."""
    draw, rows = figures.drawers(run.result()), []
    for name in (one for one in PICTURES if one in draw):
        content, _ = canvas.attempt(partial(lambda one: canvas.png(draw[one]()), name))
        if content:
            data = f"data:image/png;base64,{base64.b64encode(content).decode()}"
            # The size, so that the page keeps its place before the picture is decoded.
            width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
            size = {"width": width, "height": height}
            rows.append({"name": name, "caption": CAPTIONS[name], "data": data, **size})
    return rows


def key_of(folder: Path, taken: Iterable[str]) -> str:
    """Return a run's name in anchors: its folder's, which is its key in the store; numbered where it is taken."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.name).strip("-.") or "run"
    used, numbered = set(taken), (f"{stem}-{number}" for number in count(2))
    return next(name for name in chain([stem], numbered) if name not in used)


def newest(store: Path) -> list[Path]:
    """Return the newest finished run of each shipped scenario, recipe and set of faults, in the order of scenarios.

    A run with settings of its own (`--set`) is left out: tests leave such runs.
    """
    folders = [path.parent for path in (store / "runs").glob("*/metrics.json")]
    folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    found: dict[tuple[str, ...], Path] = {}
    for folder in folders[:NEWEST]:
        with suppress(InputFileError, AttributeError, TypeError):
            recorded = read_document(folder / SCENARIO_FILE, ScenarioFile, "run's scenario")
            faults = read_json(folder / "environment.json").get("faults") or ()
            own = any(not one.source.startswith(SHIPPED_WITH) for one in recorded.values.values())
            if recorded.name in SHIPPED and not own:
                recipe = _named(recorded.values, "recipe")
                found.setdefault((recorded.name, recipe, *faults), folder)
    return [found[row] for row in sorted(found, key=lambda row: (SHIPPED.index(row[0]), row))]


def opened(folder: Path) -> FinishedRun:
    """Return the run in a folder that the user named; raises InputFileError where it is none or not finished."""
    run = FinishedRun(folder)
    if not (folder / "metrics.json").is_file():
        message, limit = "this run is not finished", "it holds metrics.json"
        raise InputFileError(message, value=folder, limit=limit, next_step="run it again")
    return run
