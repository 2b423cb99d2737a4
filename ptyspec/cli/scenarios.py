"""`ptyspec scenarios`: what ships, what a scenario sets, and every key that can be set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ptyspec.cli.names import scenario_targets
from ptyspec.cli.options import Json

SCHEMA_VERSION = 1
Name = Annotated[
    str | None,
    typer.Argument(help="Show every effective value of this one.", autocompletion=scenario_targets),
]
Keys = Annotated[
    bool, typer.Option("--keys", help="List every key that --set takes, with type and default.")
]


def scenarios(name: Name = None, keys: Keys = False, as_json: Json = False) -> None:
    """List the shipped scenarios with the images / groups of each profile; with NAME its settings and their sources."""
    from ptyspec.cli.output import print_json, stdout
    from ptyspec.render.table import Table

    content, head, rows = _keys() if keys else _all() if name is None else _one(name)
    if as_json:
        print_json({"schema_version": SCHEMA_VERSION, "status": "ok", **content})
    else:
        stdout().print(Table(head, rows, numbers=False).terminal())


Listing = tuple[dict[str, Any], Sequence[str], list[Sequence[str]]]
"""The JSON document, and the same as a table: its head and its rows."""


def _all() -> Listing:
    """Every shipped scenario, and how much data each profile has."""
    from ptyspec.runs.request import profile_names, request, scenario_names

    listed: list[Any] = []
    rows: list[Sequence[str]] = []
    profiles = profile_names()
    for name in scenario_names():
        found = {profile: request(name, profile=profile).scenario for profile in profiles}
        sizes = {
            profile: {"images": one.scan.n_images, "groups": one.grouping.n_groups}
            for profile, one in found.items()
        }
        text = found[profiles[0]].description
        listed.append({"name": name, "description": text, "profiles": sizes})
        rows.append((name, text, *(f"{a:,} / {b:,}" for a, b in map(dict.values, sizes.values()))))
    return {"scenarios": listed}, ("scenario", "description", *profiles), rows


def _one(name: str) -> Listing:
    from ptyspec.render.text import json_text
    from ptyspec.runs.request import request

    content = request(name).as_json()
    values = content["values"].items()
    rows: list[Sequence[str]]
    rows = [(key, json_text(row["value"]), str(row["source"])) for key, row in values]
    return content, ("key", "value", "source"), rows


def _keys() -> Listing:
    from ptyspec.cli.keys import keys
    from ptyspec.render.text import json_text

    listed = keys()
    rows: list[Sequence[str]] = []
    for row in listed:
        default = "(required)" if row["required"] else json_text(row["default"])
        rows.append((row["key"], row["type"], default))
    return {"keys": listed}, ("key", "type", "default"), rows
