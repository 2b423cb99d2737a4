"""The JSON reference: every schema of docs/schemas as a table of its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ptyspec.files.jsonfile import read_json
from ptyspec.render.table import escape, markdown_table

HEAD = """# JSON files

What each document holds, from the schemas under `docs/schemas` (JSON Schema 2020-12), which the code writes and tests hold
files against. `[]` stands for the elements of a list, `*` for any name. Keys that are not listed may be there as well."""


def schema_page(root: Path) -> dict[str, str]:
    """Return the page by file name."""
    lines = [HEAD]
    for path in sorted((root / "docs" / "schemas").glob("*.schema.json")):
        schema = read_json(path)
        lines += [
            "",
            f"## {schema.get('title', path.stem)}",
            "",
            escape(schema.get("description", ""), 2000),
            "",
        ]
        lines += [f"Schema: {{download}}`{path.name} <../schemas/{path.name}>`", ""]
        rows = [
            [f"`{key}`", kind, meaning]
            for key, kind, meaning in _rows("", schema, schema.get("$defs", {}), ())
        ]
        lines += markdown_table(["key", "type", "meaning"], rows, numbers=False)
    return {"reference/json.md": "\n".join(lines) + "\n"}


def _rows(
    prefix: str, schema: Mapping[str, Any], definitions: Mapping[str, Any], seen: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    """Every key below a schema; a definition inside itself is named and not repeated."""
    schema, seen, again = _resolved(schema, definitions, seen)
    if again:
        return
    inside = [
        (f"{prefix}.{key}" if prefix else key, value)
        for key, value in schema.get("properties", {}).items()
    ]
    items, others = schema.get("items"), schema.get("additionalProperties")
    inside += [(f"{prefix}[]", items)] if isinstance(items, Mapping) else []
    inside += [(f"{prefix}.*" if prefix else "*", others)] if isinstance(others, Mapping) else []
    for key, value in inside:
        if set(value) - {"items"} or not prefix:
            yield (
                key,
                _kind(value, definitions),
                escape(value.get("description", value.get("title", "")), 500),
            )
        yield from _rows(key, value, definitions, seen)
    for choice in _choices(schema):
        yield from _rows(prefix, choice, definitions, seen)


def _resolved(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], seen: tuple[str, ...]
) -> tuple[Mapping[str, Any], tuple[str, ...], bool]:
    name = schema.get("$ref", "").rpartition("/")[2]
    if not name:
        return schema, seen, False
    return definitions.get(name, {}), (*seen, name), name in seen


def _choices(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for kind in ("anyOf", "oneOf", "allOf") for one in schema.get(kind, [])]


def _kind(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A schema's type in words."""
    schema, _, _ = _resolved(schema, definitions, ())
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " \\| ".join(f"`{value}`" for value in schema["enum"])
    if _choices(schema):
        return " \\| ".join(dict.fromkeys(_kind(one, definitions) for one in _choices(schema)))
    kind = schema.get("type", "object" if "properties" in schema else "any")
    return " \\| ".join(kind) if isinstance(kind, list) else str(kind)
