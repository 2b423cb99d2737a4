"""`ptyspec run`: reconstruct a scenario or a file, score it beside its controls, write the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ptyspec.cli.failures import VIOLATION, debug
from ptyspec.cli.names import profiles, recipes, scenario_targets

SCHEMA_VERSION = 1


def run(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|FILE",
            help="A shipped scenario, or a .yaml, .npz or .cxi file.",
            autocompletion=scenario_targets,
            show_default=False,
        ),
    ],
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="How much data: quick, stable, standard or full.", autocompletion=profiles),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME", help="How to train: reference or cnn.", autocompletion=recipes)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="One seed for every source of randomness.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; keys: `ptyspec scenarios --keys`."),
    ] = None,
    refine: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Sweeps of the iterative reference after the network.")
    ] = None,
    gridsize: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=3, help="Groups of N x N overlapping frames.")
    ] = None,
    measurement: Annotated[
        str | None, typer.Option(metavar="KIND", help="What a file without a statement holds: amplitude or counts.")
    ] = None,
    probe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The probe of a measured file that holds none.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also put the run here; otherwise only in the store.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Make the run again; replace what --out holds.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last finished epoch.")] = False,
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Threads inside one operation (they change the last bits).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    tracebacks: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Reconstruct a scenario or your own file, score it beside its controls, write the report.

    Prints the scores and the report's path; exit code 1 where the amplitude is off by more than 5 %, the object holds
    NaN, or it does not fit its canvas.
    """
    debug(ctx, tracebacks)
    from ptyspec.observe.threads import default_threads, set_threads

    set_threads(threads or default_threads())  # before anything imports a numerical library
    from ptyspec.cli.output import stderr
    from ptyspec.cli.progress import RichProgress
    from ptyspec.pipeline.produce import produce
    from ptyspec.pipeline.request import request

    changes = _changes(settings or [], refine=refine, gridsize=gridsize, measurement=measurement, probe=probe)
    resolved = request(target, profile=profile, recipe=recipe, seed=seed, settings=changes)
    with RichProgress(stderr()) as progress:
        folder = produce(resolved, out=out, resume=resume, force=force, progress=progress)
    wrong = _tell(resolved.scenario.name, folder, as_json=as_json)
    if wrong:
        raise typer.Exit(VIOLATION)


def _changes(
    settings: list[str], *, refine: int | None, gridsize: int | None, measurement: str | None, probe: Path | None
) -> list[str]:
    """Return the settings with the options that stand for one; --set comes last and so wins."""
    short = {
        "inference.refine": refine, "model.gridsize": gridsize, "scan.measurement": measurement, "probe.path": probe,
    }  # fmt: skip
    return [*(f"{key}={value}" for key, value in short.items() if value is not None), *settings]


def _tell(name: str, folder: Path, *, as_json: bool) -> list[str]:
    """Print what the run found and return its violations."""
    from ptyspec.cli.output import print_json, stderr, stdout
    from ptyspec.cli.table import score_table
    from ptyspec.io.jsonfile import read_json
    from ptyspec.report.scores import violations

    metrics = read_json(folder / "metrics.json")
    wrong = violations(metrics)
    if as_json:
        print_json(document(name, folder, metrics))
    else:
        stdout().print(score_table(metrics))
        typer.echo(f"report: {folder / 'report.md'}")
    for line in wrong:
        stderr().print(f"violation: {line}", markup=False, style="bold red")
    return wrong


def document(name: str, folder: Path, metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the content of `--json`: the headline at top level, scores beside controls."""
    from ptyspec.cli.table import headlines
    from ptyspec.report.scores import violations

    wrong = violations(metrics)
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "violation" if wrong else "ok",
        "scenario": name,
        "run": str(folder),
        "report": str(folder / "report.md"),
        **headlines(metrics),
        "violations": wrong,
    }
