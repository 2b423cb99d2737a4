"""The options of `ptyspec run`, one type each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ptyspec.cli.names import profiles, recipes, variants

Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="SCENARIO|FILE[:WORD,...]",
        help="A shipped scenario, or a .yaml, .npz or .cxi file; several run one after the other. Words: a recipe, a "
        "fault, -FAULT, KEY=VALUE.",
        autocompletion=variants,
        show_default=False,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How much data: quick, stable, standard or full.",
        autocompletion=profiles,
    ),
]
Recipe = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How to train: reference, cnn, or january (wrong on purpose).",
        autocompletion=recipes,
    ),
]
Seed = Annotated[
    int | None, typer.Option(metavar="N", min=0, help="One seed for every source of randomness.")
]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one setting; keys: `ptyspec scenarios --keys`."
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
Force = Annotated[bool, typer.Option("--force", help="Replace what --out holds.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last finished epoch.")]
Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="Threads inside one operation (they change the last bits)."
    ),
]
Dashboard = Annotated[
    bool, typer.Option("--dashboard", help="End with the dashboard of these runs.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")]
