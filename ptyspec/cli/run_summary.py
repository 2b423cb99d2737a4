"""Runs by one command, one after the other; what they came to: scores, verdicts, and where to look."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.cli.failures import BROKEN

if TYPE_CHECKING:
    from ptyspec.checks.verdict import Verdict
    from ptyspec.cli.progress import RichProgress
    from ptyspec.render.table import Table
    from ptyspec.runs.run_spec import RunSpec

SCHEMA_VERSION = 1
DETAIL = "amplitude.highpass_pearson_r"
COLUMNS = {
    "mean ratio": "amplitude.mean_ratio",
    "amplitude r": "amplitude.pearson_r",
    "high-pass r": DETAIL,
    "trivial baseline": f"controls.trivial.{DETAIL}",
    "untrained baseline": f"controls.untrained.{DETAIL}",
}
"""Scores of the network; the last two are the high-pass r of estimates that learned nothing."""
Make = Callable[["RunSpec", Path | None], Path]
"""Makes one run, or finds it finished, and returns its folder."""


@dataclass(frozen=True)
class Outcome:
    """What became of one request: a finished run with its verdict, or the error where it broke."""

    name: str
    seconds: float
    error: str = ""
    folder: Path | None = None
    metrics: Mapping[str, Any] | None = None
    verdict: Verdict | None = None

    def file(self, name: str) -> str | None:
        """The path of one of the run's pages, None where it is not there."""
        path = None if self.folder is None else self.folder / name
        return str(path) if path is not None and path.is_file() else None

    def as_json(self) -> dict[str, Any]:
        """Return one run of `--json`: the headline at top level, scores beside baselines, the verdict."""
        head = {"schema_version": SCHEMA_VERSION, "scenario": self.name, "seconds": self.seconds}
        if self.folder is None or self.verdict is None:
            return {**head, "status": "broken", "error": self.error}
        return {
            **head,
            "status": self.verdict.status,
            "run": str(self.folder),
            "report": str(self.folder / "report.md"),
            "page": self.file("report.html"),
            **_scores(self.metrics or {}),
            "verdict": self.verdict.as_json(),
            "violations": [
                f"{row.clause} at {row.stage}: {row.observed}" for row in self.verdict.failed
            ],
        }


def run_each(
    asked: Sequence[RunSpec], out: Path | None, force: bool, make: Make, progress: RichProgress
) -> list[Outcome]:
    """Make every run, the next one also where one broke; an interruption ends all, and what is finished stays.

    What one run alone raises passes through.
    """
    from ptyspec.checks.verdict import verdict_of
    from ptyspec.errors import PtyspecError, TrainingInterruptedError
    from ptyspec.runs.finished_run import FinishedRun

    several = len(asked) > 1
    places = _places(asked, out, force) if several else [out]
    outcomes = []
    for done, (one, place) in enumerate(zip(asked, places, strict=True)):
        name, began = one.resolved.scenario.name, time.monotonic()
        if several:
            progress.whole(done, len(asked), name)
        try:
            folder = make(one, place)
        except PtyspecError as error:
            if not several or isinstance(error, TrainingInterruptedError):
                raise
            progress.message(f"{name} broke: {error}")
            outcomes.append(Outcome(name, time.monotonic() - began, str(error)))
            continue
        run, seconds = FinishedRun(folder), time.monotonic() - began
        outcomes.append(Outcome(name, seconds, "", folder, run.metrics, verdict_of(run)))
    return outcomes


def _places(asked: Sequence[RunSpec], out: Path | None, force: bool) -> list[Path | None]:
    """Each run's own folder below `out`, named like its scenario.

    Raises ConfigError where two would be one, and OutputExistsError where one holds something and not `force`.
    """
    from ptyspec.errors import ConfigError
    from ptyspec.files.disk import check_output

    names = [one.resolved.scenario.name for one in asked]
    if out is None:
        return [None] * len(names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            "two runs of one name have no folders of their own",
            value=", ".join(twice),
            source="--out",
            next_step="run them by two commands, or leave --out away: the store keeps all",
        )
    for name in names:
        check_output(out / name, force)
    return [out / name for name in names]


def tell(outcomes: Sequence[Outcome], *, dashboard: bool, as_json: bool) -> int:
    """Print what the runs came to, as text or as one JSON document, and return the exit code.

    A run that broke outweighs one that is wrong.
    """
    import typer

    from ptyspec.checks.verdict import CODES, worst
    from ptyspec.cli.output import print_json, stderr, stdout
    from ptyspec.report.answer import score_table

    verdicts = [one.verdict for one in outcomes if one.verdict]
    broken = [one for one in outcomes if one.error]
    folders = [one.folder for one in outcomes if one.folder is not None]
    page = write_dashboard(folders) if dashboard and folders else None
    alone = outcomes[0] if len(outcomes) == 1 and not broken else None
    if as_json:
        told = (
            alone.as_json()
            if alone
            else {
                "schema_version": SCHEMA_VERSION,
                "status": "broken" if broken else worst(verdicts),
                "runs": [one.as_json() for one in outcomes],
            }
        )
        print_json({**told, "dashboard": None if page is None else str(page)})
    else:
        table = score_table(alone.metrics or {}) if alone else summary(outcomes)
        stdout().print(table.terminal())
        for line in _alone(alone, page) if alone else _closing(outcomes, page):
            typer.echo(line)
        for one in broken:
            said = f"broke: {one.name}: {one.error}"
            stderr().print(said, markup=False, style="bold red")
    return BROKEN if broken else CODES[worst(verdicts)]


def summary(outcomes: Sequence[Outcome]) -> Table:
    """Return the table: the network's scores, what the baselines reach, and the verdict."""
    from ptyspec.render.table import Table
    from ptyspec.scores import headline as scores

    rows = []
    for one in outcomes:
        cells = [scores.shown(scores.lookup(one.metrics or {}, path)) for path in COLUMNS.values()]
        words = one.verdict.words if one.verdict else "the run broke"
        rows.append((one.name, *cells, f"{one.seconds:.0f}", words))
    numbers = (*COLUMNS, "seconds")
    return Table(("", *numbers, "verdict"), rows, numbers=numbers)


def _alone(one: Outcome, page: Path | None) -> list[str]:
    """The lines below the scores of one run; the verdict comes last."""
    lines = [f"report: {one.folder}/report.md"]
    lines += [f"page:   {path}"] if (path := one.file("report.html")) else []
    lines += [] if page is None else [f"dashboard: {page}"]
    return [*lines, one.verdict.last_line if one.verdict else ""]


def _closing(outcomes: Sequence[Outcome], page: Path | None) -> list[str]:
    """The lines below the table: how to look at the runs, and how many there are of each verdict."""
    from ptyspec.runs.store import RunStore

    folders = [one.folder for one in outcomes if one.folder is not None]
    lines = [f"report: {folder / 'report.html'}" for folder in folders]
    if page is not None:
        lines = [f"dashboard: {page}"]
    if len(folders) > 1:
        kept = RunStore().root / "runs"
        names = (one.name[:8] if one.parent == kept else str(one) for one in folders)
        lines.append(f"side by side: ptyspec compare {' '.join(names)}")
    words = [one.verdict.status if one.verdict else "broken" for one in outcomes]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    whole = sum(one.seconds for one in outcomes)
    return [*lines, f"{len(outcomes)} runs in {whole:.0f} s: {', '.join(counts)}"]


def write_dashboard(folders: Sequence[Path]) -> Path:
    """Write the dashboard of these runs, with what is known of clauses, faults and hypotheses, and return its page."""
    from ptyspec.cli.output import stderr
    from ptyspec.cli.report import gather
    from ptyspec.report.dashboard.page import PAGE
    from ptyspec.report.dashboard.page import write_dashboard as write
    from ptyspec.runs.store import default_root

    place = default_root() / "reports" / "latest"
    with stderr().status("writing the dashboard"):
        write(place, gather(folders))
    return place / PAGE


def _scores(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The scores of the table as data: the network, its refinement if there is one, and the controls."""
    from ptyspec.scores import headline as scores

    blocks = scores.headlines(metrics)
    refined = blocks.pop("refined", None)
    return {"metrics": blocks.pop("network"), "refined": refined, "controls": blocks}
