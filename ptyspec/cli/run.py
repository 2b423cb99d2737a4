"""`ptyspec run`: reconstruct scenarios or files, judge the results, write the reports."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ptyspec.cli import options, output
from ptyspec.cli.options import argument, flag, option, variants
from ptyspec.cli.output import BROKEN, debug, stderr
from ptyspec.errors import ConfigError, PtyspecError, TrainingInterruptedError
from ptyspec.files.disk import check_output
from ptyspec.render.table import Table

if TYPE_CHECKING:
    from ptyspec.checks.verdict import Verdict
    from ptyspec.cli.progress import RichProgress
    from ptyspec.runs.run_spec import RunSpec

Targets = Annotated[
    list[str],
    argument(
        "SCENARIO|FILE[:WORD,...]",
        "A shipped scenario, a .yaml file, or the file of a scan; several run one after the other. Words: a recipe, "
        "a fault, -FAULT, KEY=VALUE.",
        complete=variants,
    ),
]
Refine = Annotated[
    int | None, option("N", "Sweeps of the iterative reference after the network.", min=0)
]
Gridsize = Annotated[int | None, option("N", "Groups of N x N overlapping frames.", min=1, max=3)]
Out = Annotated[
    Path | None,
    option("DIR", "Also put the run here (several: each below it); otherwise only in the store."),
]
Threads = Annotated[
    int | None, option("N", "Threads inside one operation (they change the last bits).", min=1)
]
Resume = Annotated[bool, flag("--resume", "Go on from the last finished epoch.")]
Dashboard = Annotated[bool, flag("--dashboard", "End with the dashboard of these runs.")]


def run(
    ctx: typer.Context,
    targets: Targets,
    profile: options.Profile = None,
    recipe: options.Recipe = None,
    seed: options.Seed = None,
    settings: options.Setting = None,
    refine: Refine = None,
    gridsize: Gridsize = None,
    measurement: options.Measured = None,
    probe: options.Probe = None,
    positions: options.Positions = None,
    units: options.Units = None,
    shape: options.Shape = None,
    step: options.Step = None,
    object_pixel: options.ObjectPixel = None,
    particle: options.Particle = None,
    orientation: options.Orientation = None,
    centre: options.Centre = None,
    hot_pixels: options.HotPixels = None,
    drop_frames: options.DropFrames = None,
    out: Out = None,
    force: Annotated[bool, flag("--force", "Replace what --out holds.")] = False,
    resume: Annotated[bool, flag("--resume", "Go on from the last finished epoch.")] = False,
    threads: Threads = None,
    dashboard: Dashboard = False,
    as_json: options.Json = False,
    tracebacks: options.Debug = False,
) -> None:
    """Reconstruct a scenario or your own file, judge the result, write the report.

    Prints the scores beside their baselines and ends with the verdict. Exit codes: 0 right; 1 wrong; 5 doubtful; 4
    nothing to judge by; 3 the run broke; 2 wrong input. Several targets run one after the other and end with a summary;
    each gets the verdict that it gets alone. What is finished already is not run again.
    """
    debug(ctx, tracebacks)
    output.fix_threads(threads)
    from ptyspec.experiments.observe import variant

    changes = options.changes(ctx.params) + (settings or [])  # --set comes last and so wins
    with output.progress() as progress:
        words = {"profile": profile, "recipe": recipe, "seed": seed, "settings": changes}
        asked = [variant(one, **words) for one in targets]
        outcomes = run_each(asked, out, force, resume, progress)
    raise typer.Exit(tell(outcomes, dashboard=dashboard, as_json=as_json))


DETAIL = "amplitude.highpass_pearson_r"
COLUMNS = {
    "mean ratio": "amplitude.mean_ratio",
    "amplitude r": "amplitude.pearson_r",
    "high-pass r": DETAIL,
    "trivial baseline": f"controls.trivial.{DETAIL}",
    "untrained baseline": f"controls.untrained.{DETAIL}",
}
"""Scores of the network; the last two are the high-pass r of estimates that learned nothing."""


@dataclass(frozen=True)
class Outcome:
    """What became of one request: a finished run with its verdict, or the error where it broke."""

    name: str
    seconds: float
    error: str = ""
    folder: Path | None = None
    metrics: Mapping[str, Any] | None = None
    verdict: "Verdict | None" = None

    @property
    def status(self) -> str:
        """Its verdict in a word."""
        return self.verdict.status if self.verdict else "broken"

    @property
    def page(self) -> Path | None:
        """The page for a browser, where it is there."""
        path = self.folder and self.folder / "report.html"
        return path if path and path.is_file() else None

    def as_json(self) -> dict[str, Any]:
        """Return one run of `--json`: the headline at top level, scores beside baselines, the verdict."""
        from ptyspec.scores.headline import headlines

        head = {"scenario": self.name, "seconds": self.seconds, "status": self.status}
        if self.folder is None or self.verdict is None:
            return {"schema_version": 1, **head, "error": self.error}
        scores, failed = headlines(self.metrics or {}), self.verdict.failed
        return {
            "schema_version": 1,
            **head,
            "run": str(self.folder),
            "report": str(self.folder / "report.md"),
            "page": self.page and str(self.page),
            "metrics": scores.pop("network"),
            "refined": scores.pop("refined", None),
            "controls": scores,
            "verdict": self.verdict.as_json(),
            "violations": [f"{row.clause} at {row.stage}: {row.observed}" for row in failed],
        }


def run_each(
    asked: "Sequence[RunSpec]",
    out: Path | None,
    force: bool,
    resume: bool,
    progress: "RichProgress",
) -> list[Outcome]:
    """Make every run, the next one also where one broke; an interruption ends all, and what is finished stays.

    A run is made while its faults are active. What one run alone raises passes through.
    """
    from ptyspec.checks.verdict import verdict_of
    from ptyspec.front.run import produce
    from ptyspec.runs.environment import active_faults
    from ptyspec.runs.finished_run import FinishedRun

    several = len(asked) > 1
    places = _places(asked, out, force) if several else [out]
    outcomes = []
    for done, (one, place) in enumerate(zip(asked, places, strict=True)):
        name, began = one.resolved.scenario.name, time.monotonic()
        if several:
            progress.whole(done, len(asked), name)
        how: Any = {"out": place, "force": force, "resume": resume, "progress": progress}
        try:
            faults = [name for name in one.faults if name not in active_faults()]
            if faults:
                stderr().print(f"wrong on purpose; these faults are active: {', '.join(faults)}")
            pipeline = one.make_pipeline()
            folder = produce(one.resolved, pipeline=pipeline, faults=faults, **how)
        except PtyspecError as error:
            if not several or isinstance(error, TrainingInterruptedError):
                raise
            progress.message(f"{name} broke: {error}")
            outcomes.append(Outcome(name, time.monotonic() - began, str(error)))
            continue
        run, seconds = FinishedRun(folder), time.monotonic() - began
        outcomes.append(Outcome(name, seconds, "", folder, run.metrics, verdict_of(run)))
    return outcomes


def _places(asked: "Sequence[RunSpec]", out: Path | None, force: bool) -> list[Path | None]:
    """Each run's own folder below `out`, named like its scenario.

    Raises ConfigError where two would be one, and OutputExistsError where one holds something and not `force`.
    """
    names = [one.resolved.scenario.name for one in asked]
    if out is None:
        return [None] * len(names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        wrong = "two runs of one name have no folders of their own"
        more = "run them by two commands, or leave --out away: the store keeps all"
        raise ConfigError(wrong, value=", ".join(twice), source="--out", next_step=more)
    for name in names:
        check_output(out / name, force)
    return [out / name for name in names]


def tell(outcomes: Sequence[Outcome], *, dashboard: bool, as_json: bool) -> int:
    """Print what the runs came to, as text or as one JSON document, and return the exit code.

    A run that broke outweighs one that is wrong.
    """
    from ptyspec.checks.verdict import CODES, worst
    from ptyspec.report.sections import score_table

    broken = [one for one in outcomes if one.error]
    status = worst([one.verdict for one in outcomes if one.verdict])
    folders = [one.folder for one in outcomes if one.folder is not None]
    page = write_dashboard(folders) if dashboard and folders else None
    alone = outcomes[0] if len(outcomes) == 1 and not broken else None
    if as_json:
        runs = [one.as_json() for one in outcomes]
        whole = {"schema_version": 1, "status": "broken" if broken else status}
        told = runs[0] if alone else {**whole, "runs": runs}
        output.print_json({**told, "dashboard": None if page is None else str(page)})
    else:
        table = score_table(alone.metrics or {}) if alone else summary(outcomes)
        output.stdout().print(table.terminal())
        for text in _closing(outcomes, folders, page):
            output.line(text)
    return BROKEN if broken else CODES[status]


def summary(outcomes: Sequence[Outcome]) -> Table:
    """Return the table: the network's scores, what the baselines reach, and the verdict."""
    from ptyspec.scores import headline as scores

    rows = []
    for one in outcomes:
        cells = [scores.shown(scores.lookup(one.metrics or {}, path)) for path in COLUMNS.values()]
        words = one.verdict.words if one.verdict else "the run broke"
        rows.append((one.name, *cells, f"{one.seconds:.0f}", words))
    numbers = (*COLUMNS, "seconds")
    return Table(("", *numbers, "verdict"), rows, numbers=numbers)


def _closing(
    outcomes: Sequence[Outcome], folders: Sequence[Path], dashboard: Path | None
) -> list[str]:
    """The lines below the table: where to look, and the verdict, or how many there are of each."""
    one = outcomes[0]
    if len(outcomes) == 1 and one.verdict:
        lines = [f"report: {one.folder}/report.md", *([f"page:   {one.page}"] if one.page else [])]
        last = one.verdict.last_line
    else:
        lines = [f"report: {folder / 'report.html'}" for folder in folders if not dashboard]
        words = [outcome.status for outcome in outcomes]
        counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
        whole = sum(outcome.seconds for outcome in outcomes)
        last = f"{len(outcomes)} runs in {whole:.0f} s: {', '.join(counts)}"
    return [*lines, *([f"dashboard: {dashboard}"] if dashboard else []), last]


def write_dashboard(folders: Sequence[Path]) -> Path:
    """Write the dashboard of these runs, with what is known of clauses, faults and hypotheses, and return its page."""
    from ptyspec.cli.report import gather
    from ptyspec.report.dashboard.page import PAGE
    from ptyspec.report.dashboard.page import write_dashboard as write
    from ptyspec.runs.store import default_root

    place = default_root() / "reports" / "latest"
    with stderr().status("writing the dashboard"):
        write(place, gather(folders))
    return place / PAGE
