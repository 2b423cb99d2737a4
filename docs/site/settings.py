"""docs/settings.md: every setting with type, default and meaning, from the models; this module's command writes it.

python -m docs.site.settings docs/settings.md
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from ptyspec.cli import scenarios as known
from ptyspec.contracts.resolve import flatten
from ptyspec.contracts.scenario import Scenario
from ptyspec.files.disk import atomic_file
from ptyspec.render.table import Markdown, Table
from ptyspec.runs.request import DEFAULT_PROFILE, DEFAULT_RECIPE

HEAD = """# Settings

Every key that a scenario file and `--set KEY=VALUE` take, as `ptyspec scenarios --keys` lists them. How they are put together: [configuration.md](configuration.md). This page is generated: `python -m docs.site.settings docs/settings.md`."""

FOR = {
    "all": "any",
    "gs1": "gridsize 1",
    "gs2": "gridsize 2",
    "gs3": "gridsize 3",
    "nested": "nested scans",
}
"""Parts of a profile or recipe in words."""


def settings_page() -> str:
    """Return the page in Markdown; equal code gives equal text."""
    lines = [HEAD]
    by_part: dict[str, list[dict[str, Any]]] = {}
    for row in known.keys():  # noqa: SIM118  # a function of the module
        by_part.setdefault(row["key"].rpartition(".")[0], []).append(row)
    for part, rows in by_part.items():
        model = Scenario if not part else Scenario.model_fields[part].annotation
        assert isinstance(model, type)
        lines += ["", f"## {part or 'Name'}", "", *_keys_table(model, rows)]
    lines += [
        "",
        "## Profiles",
        "",
        f"What each changes; `{DEFAULT_PROFILE}` is used where none is named.",
        "",
    ]
    lines += _layers("_profiles.yaml")
    lines += [
        "",
        "## Recipes",
        "",
        f"What each changes; `{DEFAULT_RECIPE}` is used where none is named.",
        "",
    ]
    lines += _layers("_recipes.yaml")
    return "\n".join(lines) + "\n"


def _keys_table(model: type[BaseModel], rows: list[dict[str, Any]]) -> list[str]:
    meanings = meaning(model)
    cells = []
    for row in rows:
        default = "(required)" if row["required"] else _code(row["default"])
        name = row["key"].rpartition(".")[2]
        kind = row["type"].replace("|", "\\|")
        texts = (_code(row["key"]), kind, default, meanings.get(name, ""))
        cells.append([Markdown(text) for text in texts])
    return Table(("key", "type", "default", "meaning"), cells, numbers=False).markdown()


def meaning(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each field of a settings model, by field."""
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            assert isinstance(field.target, ast.Name)
            found[field.target.id] = " ".join(str(text.value.value).split()).replace("|", "\\|")
    return found


def _layers(file: str) -> list[str]:
    layers: dict[str, dict[str, Any]] = yaml.safe_load(
        (files("ptyspec.scenarios") / file).read_text(encoding="utf-8")
    )
    rows = [
        (name, FOR.get(part, part), Markdown(", ".join(_pairs(values))))
        for name, parts in layers.items()
        for part, values in parts.items()
        if part != "faults"  # not settings: what is wrong with a recipe on purpose
    ]
    return Table(("name", "for", "settings"), rows, numbers=False).markdown()


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [
        f"`{key}={json.dumps(value) if not isinstance(value, str) else value}`"
        for key, value in flatten(values)
    ]


def _code(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/settings.md")
    with atomic_file(path) as file:
        file.write(settings_page().encode())
    print(path)
