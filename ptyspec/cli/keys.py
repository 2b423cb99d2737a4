"""Every setting a scenario can have: key, type, default, from the model's own schema."""

from __future__ import annotations

import json
from typing import Any

from ptyspec.contracts.resolve import known_keys
from ptyspec.contracts.scenario import Scenario

WORDS = {"integer": "integer", "number": "number", "string": "text", "boolean": "true | false"}
LIMITS = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}


def keys() -> list[dict[str, Any]]:
    """Return key, type, and default of every dotted key that `--set` takes, in the scenario's order."""
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
