"""`ptyspec run`: reconstruct a scenario or a file, score it beside its controls, write the report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ptyspec.cli import options
from ptyspec.cli.failures import VIOLATION, debug

if TYPE_CHECKING:
    from ptyspec.experiments.variant import Variant

SCHEMA_VERSION = 1


def run(
    ctx: typer.Context,
    targets: options.Targets,
    profile: options.Profile = None,
    recipe: options.Recipe = None,
    seed: options.Seed = None,
    settings: options.Setting = None,
    refine: options.Refine = None,
    gridsize: options.Gridsize = None,
    measurement: options.Measured = None,
    probe: options.Probe = None,
    out: options.Out = None,
    force: options.Force = False,
    resume: options.Resume = False,
    threads: options.Threads = None,
    dashboard: options.Dashboard = False,
    as_json: options.Json = False,
    tracebacks: options.Debug = False,
) -> None:
    """Reconstruct a scenario or your own file, score it beside its controls, write the report.

    Prints the scores and the report's path; exit code 1 where the amplitude is off by more than 5 %, the object holds
    NaN, or it does not fit its canvas. Several targets run one after the other, each held against the clauses that a
    finished run can show, and end with a summary; what is finished already is not run again.
    """
    debug(ctx, tracebacks)
    from ptyspec.runs.threads import default_threads, set_threads

    set_threads(threads or default_threads())  # before anything imports a numerical library
    from ptyspec.cli.output import stderr
    from ptyspec.cli.progress import RichProgress
    from ptyspec.cli.run_several import places, run_each
    from ptyspec.cli.run_summary import tell_several, write_dashboard
    from ptyspec.experiments.variant import variant

    changes = _changes(
        settings or [], refine=refine, gridsize=gridsize, measurement=measurement, probe=probe
    )
    with RichProgress(stderr()) as progress:
        asked = [
            variant(one, profile=profile, recipe=recipe, seed=seed, settings=changes)
            for one in targets
        ]
        make = partial(_make, resume=resume, force=force, progress=progress)
        if len(asked) > 1:
            found = run_each(asked, places(asked, out, force), make, progress)
        else:
            folder = make(asked[0], out)
    if len(asked) > 1:
        code = tell_several(found, document, dashboard=dashboard, as_json=as_json)
    else:
        code = VIOLATION if _tell(asked[0].resolved.scenario.name, folder, as_json=as_json) else 0
        if dashboard:
            typer.echo(f"dashboard: {write_dashboard([folder])}", err=as_json)
    if code:
        raise typer.Exit(code)


def _make(one: Variant, out: Path | None, **how: Any) -> Path:
    """Make the run while its faults are active, where it has some, and say so."""
    from ptyspec.cli.output import stderr
    from ptyspec.faults.apply import applied_once
    from ptyspec.front.produce import produce

    with applied_once(*one.faults) as faults:
        if faults:
            names = ", ".join(fault.id for fault in faults)
            stderr().print(f"wrong on purpose; these faults are active: {names}", markup=False)
        return produce(one.resolved, out=out, pipeline=one.make_pipeline(), **how)


def _changes(
    settings: list[str],
    *,
    refine: int | None,
    gridsize: int | None,
    measurement: str | None,
    probe: Path | None,
) -> list[str]:
    """Return the settings with the options that stand for one; --set comes last and so wins."""
    short = {
        "inference.refine": refine,
        "model.gridsize": gridsize,
        "scan.measurement": measurement,
        "probe.path": probe,
    }
    return [*(f"{key}={value}" for key, value in short.items() if value is not None), *settings]


def _tell(name: str, folder: Path, *, as_json: bool) -> list[str]:
    """Print what the run found and return its violations."""
    from ptyspec.cli.output import print_json, stderr, stdout
    from ptyspec.cli.table import score_table
    from ptyspec.files.jsonfile import read_json
    from ptyspec.scores.headline import violations

    metrics = read_json(folder / "metrics.json")
    wrong = violations(metrics)
    if as_json:
        print_json(document(name, folder, metrics))
    else:
        stdout().print(score_table(metrics))
        typer.echo(f"report: {folder / 'report.md'}")
        if _page(folder):
            typer.echo(f"page:   {_page(folder)}")
    for line in wrong:
        stderr().print(f"violation: {line}", markup=False, style="bold red")
    return wrong


def document(name: str, folder: Path, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the content of `--json`: the headline at top level, scores beside controls."""
    from ptyspec.cli.table import headlines
    from ptyspec.scores.headline import violations

    wrong = violations(metrics)
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "violation" if wrong else "ok",
        "scenario": name,
        "run": str(folder),
        "report": str(folder / "report.md"),
        "page": _page(folder),
        **headlines(metrics),
        "violations": wrong,
    }


def _page(folder: Path) -> str | None:
    """The page for a browser; a run that was made before there were pages has none."""
    page = folder / "report.html"
    return str(page) if page.is_file() else None
