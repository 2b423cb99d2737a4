"""A finished run as a card: what it is, its verdict, scores beside controls, stages, pictures."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from ptyspec.checks.verdict import verdict_of
from ptyspec.contracts.records import ScenarioFile, Setting
from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_document, read_json
from ptyspec.render import canvas
from ptyspec.report.dashboard.document import RunRow
from ptyspec.report.figures import drawers
from ptyspec.report.markdown import CAPTIONS
from ptyspec.runs.finished_run import SCENARIO_FILE, FinishedRun
from ptyspec.scores import headline as scores

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
    draw, rows = drawers(run.result()), []

    def drawn(name: str) -> bytes:
        return canvas.png(draw[name]())

    for name in (one for one in PICTURES if one in draw):
        content, _ = canvas.attempt(partial(drawn, name))
        if content:
            data = f"data:image/png;base64,{base64.b64encode(content).decode()}"
            # The size, so that the page keeps its place before the picture is decoded.
            width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
            row = {"name": name, "caption": CAPTIONS[name], "data": data}
            rows.append({**row, "width": width, "height": height})
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
