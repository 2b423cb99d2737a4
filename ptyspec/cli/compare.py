"""`ptyspec compare`: finished runs side by side, as tables, a figure and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ptyspec.cli.failures import DOUBTFUL, INCOMPLETE, VIOLATION
from ptyspec.cli.names import scenario_targets
from ptyspec.cli.options import Json, Profile, Recipe, Seed, Setting

Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN RUN...",
        help="Runs that are finished: a folder, the first 8 digits of a key, or SCENARIO[:WORD,WORD...].",
        autocompletion=scenario_targets,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Also write compare.md, .html, .png and .json here."),
]
CODES = {"ok": 0, "violation": VIOLATION, "incomplete": INCOMPLETE, "doubtful": DOUBTFUL}


def compare(
    targets: Targets,
    profile: Profile = None,
    recipe: Recipe = None,
    seed: Seed = None,
    settings: Setting = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Put finished runs side by side: scores and controls, settings that differ and who set them, stage by stage.

    Nothing is run for it. Exit codes: 0 compared; 1 a run is wrong by its own scores; 2 wrong input, or a run that is
    not finished; 4 the runs show different objects, and only what may be compared was.
    """
    from ptyspec.cli import output

    output.fix_threads()
    from ptyspec.files.disk import check_place
    from ptyspec.report.comparison import comparison
    from ptyspec.report.comparison_page import is_comparison, tables, write_comparison
    from ptyspec.report.comparison_runs import runs
    from ptyspec.runs.run_spec import Options

    place = output.place(out)
    if place is not None:
        check_place(place, "a comparison", is_comparison)
    found = runs(targets, Options(profile, recipe, seed, settings or ()))
    document = comparison(found)
    written = write_comparison(place, found, document) if place is not None else []
    if as_json:
        output.print_json(document)
    else:
        for table in tables(document):
            if table.rows:
                output.stdout().print(table.terminal(fold_first=True))
            output.line(f"{table.note}\n" if table.note else "")
        for path in written:
            typer.echo(f"{path.suffix[1:]:<5} {path}")
    for line in document.limits:
        output.stderr().print(f"note: {line}", markup=False)
    output.end(CODES[document.status])
