"""`ptyspec run`: reconstruct a scenario or a file, judge the result, write the report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ptyspec.cli.failures import debug
from ptyspec.cli.names import variants
from ptyspec.cli.options import Debug, Json, Profile, Recipe, Seed, Setting

if TYPE_CHECKING:
    from ptyspec.runs.run_spec import RunSpec

Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="SCENARIO|FILE[:WORD,...]",
        help="A shipped scenario, or a .yaml, .npz or .cxi file; several run one after the other. Words: a recipe, a "
        "fault, -FAULT, KEY=VALUE.",
        autocompletion=variants,
    ),
]
Refine = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Sweeps of the iterative reference after the network."),
]
Gridsize = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=3, help="Groups of N x N overlapping frames.")
]
Measured = Annotated[
    str | None,
    typer.Option(
        metavar="KIND", help="What a file without a statement holds: amplitude or counts."
    ),
]
Probe = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The probe of a measured file that holds none.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Also put the run here (several: each below it); otherwise only in the store.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="Threads inside one operation (they change the last bits)."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what --out holds.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last finished epoch.")]
Dashboard = Annotated[
    bool, typer.Option("--dashboard", help="End with the dashboard of these runs.")
]


def run(
    ctx: typer.Context,
    targets: Targets,
    profile: Profile = None,
    recipe: Recipe = None,
    seed: Seed = None,
    settings: Setting = None,
    refine: Refine = None,
    gridsize: Gridsize = None,
    measurement: Measured = None,
    probe: Probe = None,
    out: Out = None,
    force: Force = False,
    resume: Resume = False,
    threads: Threads = None,
    dashboard: Dashboard = False,
    as_json: Json = False,
    tracebacks: Debug = False,
) -> None:
    """Reconstruct a scenario or your own file, judge the result, write the report.

    Prints the scores beside their baselines and ends with the verdict. Exit codes: 0 right; 1 wrong; 5 doubtful; 4
    nothing to judge by; 3 the run broke; 2 wrong input. Several targets run one after the other and end with a summary;
    each gets the verdict that it gets alone. What is finished already is not run again.
    """
    debug(ctx, tracebacks)
    from ptyspec.cli.output import end, fix_threads, stderr

    fix_threads(threads)
    from ptyspec.cli.progress import RichProgress
    from ptyspec.cli.run_summary import run_each, tell
    from ptyspec.experiments.variant import variant

    short = {
        "inference.refine": refine,
        "model.gridsize": gridsize,
        "scan.measurement": measurement,
        "probe.path": probe,
    }
    # --set comes last and so wins.
    changes = [f"{key}={value}" for key, value in short.items() if value is not None]
    changes += settings or []
    with RichProgress(stderr()) as progress:
        words = {"profile": profile, "recipe": recipe, "seed": seed, "settings": changes}
        asked = [variant(one, **words) for one in targets]
        make = partial(_make, resume=resume, force=force, progress=progress)
        outcomes = run_each(asked, out, force, make, progress)
    end(tell(outcomes, dashboard=dashboard, as_json=as_json))


def _make(one: RunSpec, out: Path | None, **how: Any) -> Path:
    """Make the run while its faults are active, where it has some, and say so."""
    from ptyspec.cli.output import stderr
    from ptyspec.front.run import produce
    from ptyspec.runs.environment import active_faults

    faults = [name for name in one.faults if name not in active_faults()]
    if faults:
        stderr().print(f"wrong on purpose; these faults are active: {', '.join(faults)}")
    return produce(one.resolved, out=out, pipeline=one.make_pipeline(), faults=faults, **how)
