"""`ptyspec run`: reconstruct a scenario or a file, judge the result, write the report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ptyspec.cli import options
from ptyspec.cli.failures import debug

if TYPE_CHECKING:
    from ptyspec.experiments.variant import Variant


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
    """Reconstruct a scenario or your own file, judge the result, write the report.

    Prints the scores beside their baselines and ends with the verdict. Exit codes: 0 right; 1 wrong; 5 doubtful; 4
    nothing to judge by; 3 the run broke; 2 wrong input. Several targets run one after the other and end with a summary;
    each gets the verdict that it gets alone. What is finished already is not run again.
    """
    debug(ctx, tracebacks)
    from ptyspec.runs.threads import default_threads, set_threads

    set_threads(threads or default_threads())  # before anything imports a numerical library
    from ptyspec.cli.output import stderr
    from ptyspec.cli.progress import RichProgress
    from ptyspec.cli.run_several import places, run_each, run_one
    from ptyspec.cli.run_summary import tell
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
            outcomes = run_each(asked, places(asked, out, force), make, progress)
        else:
            outcomes = [run_one(asked[0], out, make)]
    code = tell(outcomes, dashboard=dashboard, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _make(one: Variant, out: Path | None, **how: Any) -> Path:
    """Make the run while its faults are active, where it has some, and say so."""
    from ptyspec.cli.output import stderr
    from ptyspec.front.produce import produce
    from ptyspec.runs.environment import active_faults

    faults = [name for name in one.faults if name not in active_faults()]
    if faults:
        said = f"wrong on purpose; these faults are active: {', '.join(faults)}"
        stderr().print(said, markup=False)
    return produce(one.resolved, out=out, pipeline=one.make_pipeline(), faults=faults, **how)


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
