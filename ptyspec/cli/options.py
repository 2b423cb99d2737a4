"""The options that several commands share, one type each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ptyspec.cli.names import profiles, recipes

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
Processes = Annotated[int, typer.Option("-n", metavar="N", min=1, help="Runs at a time.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 1 or 4 where something is wrong.")
]
Root = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The checkout; otherwise that of this installation."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")]
