"""`python -m benchmarks calibration`: how often the verdict of a run is wrong, over right seeds, faults and measured files.

Runs are kept below the store, so that an interrupted calibration goes on where it stopped. A fault
counts as harmful where its object, scored anew by this code, has a high-pass r below 0.8 of the run
without the fault, or a level off by more than 5 %.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration_rows import Row, rows
from benchmarks.measure import ROOT
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import PtyspecError
from ptyspec.files.disk import make_folder
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.runs.store import default_root

HARM = 0.8
"""An object that keeps less than this part of the detail of the run without the fault is harmed."""
PROFILE = "quick"
TABLE, DATA = ROOT / "docs" / "verdict-calibration.md", ROOT / "docs" / "verdict-calibration.json"
AFTER_TRAINING = ("pipeline.infer", "pipeline.stitch", "pipeline.score", "physics.stitch")
"""Modules that no training goes through: faults in them share the training of the run without a fault."""
SCORING = ("scores.", "report.", "runs.run", "runs.finished_run")


@dataclass(frozen=True)
class Judged:
    """One row with its verdict and the scores of its object."""

    name: str
    kind: str
    status: str
    line: str
    level: float | None
    detail: float | None
    of_clean: float | None
    """Detail over that of the run without the fault."""
    harmed: bool | None


def main(words: list[str]) -> int:
    """Make the runs that are missing, judge all, write the tables; 1 where a harmed object is called right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks calibration")
    parser.add_argument("rows", nargs="?", default="", help="a regular expression of rows")
    parser.add_argument("--seeds", type=int, default=10, help="right seeds of each scenario")
    parser.add_argument("--judge", action="store_true", help="make no run, judge what is there")
    parser.add_argument("--write", action="store_true", help="write docs/verdict-calibration.*")
    asked = parser.parse_args(words)
    chosen = [row for row in rows(asked.seeds) if re.search(asked.rows, row.name)]
    place = default_root() / "calibration"
    if not asked.judge:
        for at, row in enumerate(chosen, start=1):
            began = time.monotonic()
            if make(row, place):
                took = time.monotonic() - began
                print(f"{at}/{len(chosen)} {row.name} {took:.0f} s", flush=True)
    judged = list(judge(chosen, place))
    count = f"{len(judged)} of {len(chosen)} runs of the calibration were made so far."
    text = "\n".join([count, "", *table(judged)])
    print(text)
    if asked.write:
        write_json(DATA, {"schema_version": 1, "rows": [asdict(one) for one in judged]})
        TABLE.write_text(PAGE.format(table=text), encoding="utf-8")
    return int(any(one.harmed and one.status == "right" for one in judged))


def make(row: Row, place: Path) -> bool:
    """Make the run of a row, unless it is there; returns whether it had to be made.

    A run that the pipeline itself refuses leaves its message in place of a run.
    """
    from ptyspec.experiments.observe import variant
    from ptyspec.faults.apply import applied_once
    from ptyspec.faults.catalogue import fault
    from ptyspec.runs.finished_run import write_run
    from ptyspec.runs.run import run

    if (place / row.name).is_dir():
        return False
    words = row.words
    if row.file:
        words = str(_file(row, place))
    # A measured file has its own load; that of the run it was made from has 200 groups a half.
    settings = [f"model.gridsize={row.gridsize}", "grouping.n_groups=200"] if row.file else []
    profile = None if row.file else PROFILE
    one = variant(words, profile=profile, seed=row.seed, settings=settings)
    modules = [patch.module for name in one.faults for patch in fault(name).patches]

    def fill(folder: Path) -> None:
        try:
            with ExitStack() as stack:
                stack.enter_context(applied_once(*one.faults))
                pipeline = stack.enter_context(_shared(modules))
                write_run(folder, run(one.resolved, pipeline=pipeline))
        except (PtyspecError, ValueError, FloatingPointError) as error:
            write_json(folder / "refused.json", {"error": f"{type(error).__name__}: {error}"})

    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=make_folder(place)))
    fill(partial)
    partial.rename(place / row.name)
    return True


@contextmanager
def _shared(modules: list[str]) -> Iterator[Any]:
    """The reference pipeline; where no fault lies before or within the training, it trains once."""
    from ptyspec.pipeline.reference import ReferencePipeline
    from ptyspec.runs import run as made

    names = [name.removeprefix("ptyspec.") for name in modules]
    if not names or not all(name.startswith((*AFTER_TRAINING, *SCORING)) for name in names):
        yield ReferencePipeline()
        return
    sweep = made.sweep
    made.sweep = _swept(sweep)
    try:
        yield _trains_once()
    finally:
        made.sweep = sweep


def _swept(sweep: Callable[..., Any]) -> Callable[..., Any]:
    def once(scenario: Any, scan: RawScan, sweeps: int, session: Any, start: Any = None) -> Any:
        key = (_digest(scan.diff3d), _digest(scan.positions), sweeps, scenario.seeds.training)
        if start is not None:
            return sweep(scenario, scan, sweeps, session, start)
        if key not in _SWEEPS:
            _SWEEPS[key] = sweep(scenario, scan, sweeps, session)
        return _SWEEPS[key]

    return once


_SWEEPS: dict[Any, Any] = {}
_TRAININGS: dict[str, Any] = {}


def _digest(array: Array) -> int:
    return hash(np.ascontiguousarray(array).tobytes())


def _trains_once() -> Any:
    from ptyspec.pipeline.reference import ReferencePipeline

    class Shared(ReferencePipeline):
        """Trains once for equal scenarios; no fault lies before or within the training."""

        def train(self, scenario: Any, containers: Any, session: Any) -> Any:
            key = scenario.model_dump_json()
            if key not in _TRAININGS:
                _TRAININGS[key] = super().train(scenario, containers, session)
            return _TRAININGS[key]

    return Shared()


def _file(row: Row, place: Path) -> Path:
    """Write a measured file from the scan of a run: the truth left out (or kept), then the row's change."""
    from ptyspec.files.scan_file import write_scan

    path = place / "files" / f"{row.name}.npz"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        scan = FinishedRun(place / row.base).scan
        write_scan(path, row.change(scan))
    return path


def judge(chosen: list[Row], place: Path) -> Iterator[Judged]:
    """Yield the verdict of every row that has a run."""
    from ptyspec.checks.verdict import verdict_of

    for row in chosen:
        folder = place / row.name
        if (folder / "refused.json").is_file():
            said = read_json(folder / "refused.json")["error"].splitlines()[0]
            yield Judged(row.name, row.kind, "refused", said, None, None, None, None)
        elif folder.is_dir():
            verdict = verdict_of(FinishedRun(folder))
            level, detail = scored(folder)
            clean = scored(place / row.base)[1] if (place / row.base).is_dir() else None
            share = None if not clean or detail is None else detail / clean
            off = level is not None and abs(level - 1) > 0.05
            harmed = None if share is None else off or share < HARM
            line = verdict.line.replace(str(folder), "RUN")
            yield Judged(row.name, row.kind, verdict.status, line, level, detail, share, harmed)


@cache
def scored(folder: Path) -> tuple[float | None, float | None]:
    """Return mean ratio and high-pass r of a stored object against the stored truth, scored anew."""
    from ptyspec.scores.metrics import score

    run = FinishedRun(folder)
    if run.scan.objectGuess is None:
        return None, None
    block = score(run.reconstruction, run.scan.objectGuess)["amplitude"]
    return block["mean_ratio"], block["highpass_pearson_r"]


STATUSES = ("right", "doubtful", "wrong", "incomplete", "refused")


def table(judged: list[Judged]) -> Iterator[str]:
    """Yield the confusion table and the list of rows, in Markdown."""
    yield f"| runs | {' | '.join(STATUSES)} |"
    yield f"| --- |{' --- |' * len(STATUSES)}"
    groups: dict[str, list[Judged]] = {}
    for one in judged:
        kind = one.kind
        if kind == "fault":
            kind = "fault, object harmed" if one.harmed else "fault, object not harmed"
            kind = "fault, refused by the pipeline" if one.status == "refused" else kind
        groups.setdefault(kind, []).append(one)
    for kind, ones in groups.items():
        counts = [sum(one.status == status for one in ones) for status in STATUSES]
        yield f"| {kind} | {' | '.join(map(str, counts))} |"
    yield ""
    false_right = [one.name for one in judged if one.harmed and one.status == "right"]
    false_wrong = [one.name for one in judged if one.kind == "right" and one.status == "wrong"]
    yield f"False right: {len(false_right)} {', '.join(false_right)}".rstrip() + "."
    yield f"False wrong: {len(false_wrong)} {', '.join(false_wrong)}".rstrip() + "."
    yield ""
    yield "| run | level | high-pass r | of the run without the fault | verdict |"
    yield "| --- | --- | --- | --- | --- |"
    for one in judged:
        numbers = (one.level, one.detail, one.of_clean)
        cells = ["–" if value is None else f"{value:.3f}" for value in numbers]
        yield f"| {one.name} | {' | '.join(cells)} | {one.line.replace('|', '/')} |"


PAGE = """# Calibration of the verdict

Written by `python -m benchmarks calibration --write`; the limits and their sources: [The verdict of a run](verdict.md).

{table}
"""
