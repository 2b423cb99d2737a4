"""As much of JSON Schema (draft 2020-12) as the published schemas use; an unknown keyword is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
SILENT = {"$schema", "$defs", "title", "description", "default", "format"}
KNOWN = SILENT | {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "const",
    "enum",
    "anyOf",
    "$ref",
    "pattern",
    "minimum",
    "minItems",
    "maxItems",
}


def faults(
    value: Any,
    schema: Mapping[str, Any] | bool,
    root: Mapping[str, Any] | None = None,
    at: str = "",
) -> Iterator[str]:
    """Yield what breaks the schema, each with its JSON pointer."""
    if isinstance(schema, bool):
        if not schema:
            yield f"{at}: not allowed"
        return
    root = schema if root is None else root
    unknown = set(schema) - KNOWN
    assert not unknown, unknown
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "anyOf" in schema and all(list(faults(value, part, root, at)) for part in schema["anyOf"]):
        yield f"{at}: {value!r:.60} is none of those allowed"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r:.60} is not {schema['const']!r}"
    if "enum" in schema and not any(
        value is part or (value == part and not isinstance(value, bool)) for part in schema["enum"]
    ):
        yield f"{at}: {value!r:.60} is not in {schema['enum']}"
    wanted = schema.get("type", list(TYPES))
    if not any(_is(value, name) for name in ([wanted] if isinstance(wanted, str) else wanted)):
        yield f"{at}: {value!r:.60} is no {wanted}"
    elif isinstance(value, dict):
        yield from _object(value, schema, root, at)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            rules = [*schema.get("prefixItems", [])[place : place + 1], schema.get("items", True)]
            yield from faults(part, rules[0], root, f"{at}/{place}")
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{at}: {len(value)} items"
    elif isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: {value!r:.60} does not match {schema['pattern']}"
    elif isinstance(value, int | float) and value < schema.get("minimum", value):
        yield f"{at}: {value} is below {schema['minimum']}"


def _object(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    yield from (f"{at}: {key} is missing" for key in schema.get("required", ()) if key not in value)
    for key, part in value.items():
        rule = schema.get("properties", {}).get(key, schema.get("additionalProperties", True))
        yield from faults(part, rule, root, f"{at}/{key}")


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
