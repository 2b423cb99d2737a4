"""`ptyspec scenarios`: what ships, what a scenario sets, and every key that can be set."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from ptyspec.cli import options
from ptyspec.cli.options import argument, flag, scenario_targets
from ptyspec.cli.output import print_json, stdout
from ptyspec.render.table import Table, json_text

Name = Annotated[
    str | None, argument(None, "Show every effective value of this one.", complete=scenario_targets)
]
Keys = Annotated[bool, flag("--keys", "List every key that --set takes, with type and default.")]


def scenarios(name: Name = None, keys: Keys = False, as_json: options.Json = False) -> None:
    """List the shipped scenarios with the images / groups of each profile; with NAME its settings and their sources."""
    content, head, rows = _keys() if keys else _all() if name is None else _one(name)
    if as_json:
        print_json({"schema_version": 1, "status": "ok", **content})
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
    from ptyspec.runs.request import request

    content = request(name).as_json()
    rows: list[Sequence[str]] = [
        (key, json_text(row["value"]), str(row["source"])) for key, row in content["values"].items()
    ]
    return content, ("key", "value", "source"), rows


def _keys() -> Listing:
    listed = keys()
    rows: list[Sequence[str]] = []
    for row in listed:
        default = "(required)" if row["required"] else json_text(row["default"])
        rows.append((row["key"], row["type"], default))
    return {"keys": listed}, ("key", "type", "default"), rows


WORDS = {"integer": "integer", "number": "number", "string": "text", "boolean": "true | false"}
LIMITS = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}


def keys() -> list[dict[str, Any]]:
    """Return key, type, and default of every dotted key that `--set` takes, in the scenario's order."""
    from ptyspec.contracts.resolve import known_keys
    from ptyspec.contracts.scenario import Scenario

    schema = Scenario.model_json_schema()
    rows = []
    for key in known_keys():
        *parents, last = key.split(".")
        model = schema
        for name in parents:
            model = schema["$defs"][model["properties"][name]["$ref"].rpartition("/")[2]]
        field, required = model["properties"][last], last in model.get("required", ())
        default = field.get("default")
        rows.append({"key": key, "type": _type(field), "default": default, "required": required})
    return rows


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:  # a kind that may be absent
        return _type(next(kind for kind in field["anyOf"] if kind["type"] != "null"))
    if "enum" in field or "const" in field:
        values = field.get("enum", [field.get("const")])
        return " | ".join(one if isinstance(one, str) else json.dumps(one) for one in values)
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    limits = [f"{sign} {field[name]}" for name, sign in LIMITS.items() if name in field]
    return " ".join([WORDS[field["type"]], *limits])
