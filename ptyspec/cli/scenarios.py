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
    """List the shipped scenarios; with NAME its settings and where each comes from."""
    if keys:
        _show_keys(as_json)
    elif name is not None:
        _show_one(name, as_json)
    else:
        _show_all(as_json)


def _show_all(as_json: bool) -> None:
    from ptyspec.runs.request import profile_names, scenario_names

    profiles = list(profile_names())
    rows = [_sizes(name, profiles) for name in scenario_names()]
    if as_json:
        return _print_json({"scenarios": rows})
    cells = []
    for row in rows:
        sizes = [row["profiles"][profile] for profile in profiles]
        told = [f"{size['images']:,} / {size['groups']:,}" for size in sizes]
        cells.append((row["name"], row["description"], *told))
    _print(("scenario", "description", *profiles), cells)
    return typer.echo(
        "profiles: images / groups a split; `ptyspec scenarios NAME` shows every value", err=True
    )


def _sizes(name: str, profiles: list[str]) -> dict[str, Any]:
    from ptyspec.runs.request import request

    found = {}
    description = ""
    for profile in profiles:
        scenario = request(name, profile=profile, recipe=None, seed=None, settings=()).scenario
        found[profile] = {"images": scenario.scan.n_images, "groups": scenario.grouping.n_groups}
        description = scenario.description
    return {"name": name, "description": description, "profiles": found}


def _show_one(name: str, as_json: bool) -> None:
    from ptyspec.render.text import json_text
    from ptyspec.runs.request import request

    content = request(name, profile=None, recipe=None, seed=None, settings=()).as_json()
    if as_json:
        return _print_json(content)
    rows = content["values"].items()
    cells = [(key, json_text(row["value"]), row["source"]) for key, row in rows]
    return _print(("key", "value", "source"), cells)


def _show_keys(as_json: bool) -> None:
    from ptyspec.cli.keys import keys
    from ptyspec.render.text import json_text

    rows = keys()
    if as_json:
        return _print_json({"keys": rows})
    cells = [
        (row["key"], row["type"], "(required)" if row["required"] else json_text(row["default"]))
        for row in rows
    ]
    return _print(("key", "type", "default"), cells)


def _print(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from ptyspec.cli.output import stdout
    from ptyspec.render.table import Table

    stdout().print(Table(head, rows, numbers=False).terminal())


def _print_json(content: dict[str, Any]) -> None:
    from ptyspec.cli.output import print_json

    print_json({"schema_version": SCHEMA_VERSION, "status": "ok", **content})
