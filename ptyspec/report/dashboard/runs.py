"""A finished run as a card: what it is, what it shows of the clauses, scores beside controls, stages, curves."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

from ptyspec.checks.verdict import Verdict, verdict_of
from ptyspec.contracts.records import StageRecord
from ptyspec.errors import InputFileError, PtyspecError
from ptyspec.files.jsonfile import read_json
from ptyspec.report.curves import is_field, ring_curves
from ptyspec.report.dashboard.pictures import looks
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores import headline as scores
from ptyspec.spec.finding import State

SHIPPED = ("gs1_ideal", "gs1_custom", "gs2_ideal", "gs2_custom")
SHIPPED_WITH = ("default", "scenario ", "profile ", "recipe ")
"""Sources of settings that belong to the package; any other is somebody's own: `--set`, a dictionary, a test."""
NEWEST = 400
"""So many of a store's newest runs are looked through."""


def facts(run: FinishedRun, key: str) -> dict[str, Any]:
    """Return all numbers of a run's card as JSON values; pictures are made apart. Raises InputFileError."""
    verdict = verdict_of(run)
    metrics, environment = run.metrics, run.environment
    values = {name: row["value"] for name, row in _settings(run).items()}
    return {
        "key": key,
        "name": str(read_json(run.folder / "scenario.json").get("name") or run.folder.name),
        "folder": str(run.folder),
        "status": verdict.status,
        "verdict": verdict.as_json(),
        "verdict_line": verdict.line,
        "recipe": _source(run, "recipe"),
        "profile": _source(run, "profile"),
        "faults": list(environment.get("faults") or ()),
        "time": environment.get("time"),
        "commit": environment.get("commit"),
        "looks": looks(metrics),
        "findings": _findings(verdict),
        "scores": scores.headlines(metrics),
        "columns": [score.key for score in scores.columns(metrics)],
        "stages": [_stage(stage) for stage in run.stages.values()],
        "training": _training(run),
        "rings": _rings(metrics),
        "settings": values,
        "environment": dict(environment),
        "changed": {
            name: row["value"]
            for name, row in _settings(run).items()
            if row["source"] == "command line"
        },
    }


def _findings(verdict: Verdict) -> list[dict[str, Any]]:
    """Broken clauses first, the earliest stage first, then what was not looked at, then the rest."""
    order = {State.FAILED: 0, State.ERROR: 1, State.NOT_REACHED: 2, State.NOT_RUN: 3}
    rows = sorted(verdict.findings, key=lambda row: order.get(row.state, len(order)))
    rest = [row for row in rows if row.state is not State.FAILED]
    return [
        {
            "clause": row.clause,
            "stage": row.stage,
            "what": row.what,
            "observed": row.observed,
            "limit": row.expected,
            "ok": {State.PASSED: True, State.FAILED: False}.get(row.state),
            "state": row.state.value,
            "source": row.source,
        }
        for row in [*verdict.failed, *rest]
    ]


def _settings(run: FinishedRun) -> dict[str, Any]:
    return dict(read_json(run.folder / "scenario.json")["values"])


def _source(run: FinishedRun, kind: str) -> str:
    """The recipe or profile that set values, from their provenance; empty where none did."""
    sources = {str(row["source"]) for row in _settings(run).values()}
    return next(
        (text.removeprefix(f"{kind} ") for text in sorted(sources) if text.startswith(f"{kind} ")),
        "",
    )


def _stage(stage: StageRecord) -> dict[str, Any]:
    kept = {"mean", "max", "shape", "nan_count"}
    arrays = {
        name: stats.model_dump(mode="json", include=kept)
        for name, stats in stage.arrays.items()
        if is_field(name, stats)
    }
    told = ("name", "seconds", "peak_rss_mb", "numbers", "flags")
    return {**{key: getattr(stage, key) for key in told}, "arrays": arrays}


def _training(run: FinishedRun) -> dict[str, Any] | None:
    if run.history is None:
        return None
    epochs = run.history.epochs
    curves = {name: [row.metrics.get(name) for row in epochs] for name in ("loss", "val_loss")}
    return {"epochs": [row.epoch for row in epochs], "best_epoch": run.history.best_epoch, **curves}


def _rings(metrics: Mapping[str, Any]) -> dict[str, Any]:
    curves = ring_curves(scores.blocks(metrics))
    return {
        name: {
            "frequency": frequency.tolist(),
            "curve": [round(at, 4) if math.isfinite(at) else None for at in curve.tolist()],
        }
        for name, (frequency, curve, _) in curves.items()
    }


def key_of(folder: Path, taken: Iterable[str]) -> str:
    """Return a run's name in anchors: its folder's, which is its key in the store; numbered where it is taken."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.name).strip("-.") or "run"
    used, numbered = set(taken), (f"{stem}-{number}" for number in count(2))
    return next(name for name in chain([stem], numbered) if name not in used)


def newest(store: Path) -> list[Path]:
    """Return the newest finished run of each shipped scenario, recipe and set of faults, in the order of scenarios.

    A run with settings of its own (`--set`) counts only where there is no other of its scenario: tests leave such runs.
    """
    folders = [
        folder for folder in (store / "runs").glob("*") if (folder / "metrics.json").is_file()
    ]
    folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    plain: dict[tuple[str, ...], Path] = {}
    changed: dict[str, Path] = {}
    for folder in folders[:NEWEST]:
        name, identity, own = _identity(folder)
        if name not in SHIPPED:
            continue
        if own:
            changed.setdefault(name, folder)
        else:
            plain.setdefault((name, *identity), folder)
    named = {name for name, *_ in plain}
    plain |= {(name,): folder for name, folder in changed.items() if name not in named}
    rows = sorted(plain.items(), key=lambda row: (SHIPPED.index(row[0][0]), row[0]))
    return [folder for _, folder in rows]


def _identity(folder: Path) -> tuple[str, tuple[str, ...], bool]:
    """Scenario, then recipe and faults, then whether settings were changed by hand; no name for what is no run."""
    try:
        names = ("scenario.json", "environment.json")
        scenario, environment = (read_json(folder / name) for name in names)
        sources = {str(row["source"]) for row in scenario["values"].values()}
        recipe = next((text for text in sorted(sources) if text.startswith("recipe ")), "")
        own = any(not source.startswith(SHIPPED_WITH) for source in sources)
        return str(scenario["name"]), (recipe, *environment.get("faults", ())), own
    except (PtyspecError, KeyError, TypeError, AttributeError):
        return "", (), False


def opened(folder: Path) -> FinishedRun:
    """Return the run in a folder that the user named; raises InputFileError where it is none or not finished."""
    run = FinishedRun(folder)
    if not (folder / "metrics.json").is_file():
        message, limit = "this run is not finished", "it holds metrics.json"
        raise InputFileError(message, value=folder, limit=limit, next_step="run it again")
    return run
