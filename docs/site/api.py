"""The API reference: a page for each package, its public modules described by their docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = ("cli", "harness", "scenarios", "faults/catalogue")
"""The commands have their own page, the plugin too; a scenario is YAML; a fault of the catalogue is named by its clauses."""
HEAD = """# Python

What the docstrings guarantee, module by module. Names with a leading underscore are nobody's business but their own
module's. `ptyspec.runs.produce.produce` and `ptyspec.runs.request.request` are where most programs begin; the
seam for other people's pipelines is `ptyspec.pipeline.protocol`."""
CODE = re.compile(r"(`[^`\n]*`)")
MARKUP = re.compile(r"([\\*|_])")


def api_pages(root: Path) -> dict[str, str]:
    """Return the pages by file name: one a package, and an index."""
    package = root / "ptyspec"
    found: dict[str, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if not name.startswith(LEFT_OUT) and not path.name.startswith("__main__"):
            module = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(
                ".__init__"
            )
            found.setdefault(
                ".".join(module.split(".")[:2]) if "/" in name else "ptyspec", []
            ).append(module)
    pages = {
        f"reference/api/{name}.md": "\n".join(_page(name, modules))
        for name, modules in found.items()
    }
    listed = ["```{toctree}", ":maxdepth: 1", "", *found, "```"]
    return {"reference/api/index.md": "\n".join([HEAD, "", *listed, ""]), **pages}


def _page(name: str, modules: list[str]) -> Iterator[str]:
    yield f"# {name}"
    for module in modules:
        if module != name:
            yield from ("", f"## {module.removeprefix(f'{name}.')}")
        yield from ("", "```{eval-rst}", f".. automodule:: {module}", "   :members:", "```")
    yield ""


def plain(lines: list[str]) -> list[str]:
    """Return a docstring as reStructuredText that shows it as it is: plain text, lists, and code in backticks.

    A list gets the blank line that reStructuredText wants before it, a line that goes on with an item its indentation,
    and a paragraph of another indentation a blank line.
    """
    made: list[str] = []
    listed = False
    for line in lines:
        item, indent = line.startswith("- "), len(line) - len(line.lstrip())
        last = made[-1] if made else ""
        if not line.strip():
            listed = False
        elif last.strip() and listed and not item and not indent:
            line = f"  {line}"
        elif last.strip() and not listed and (item or indent != len(last) - len(last.lstrip())):
            made.append("")
        listed = listed or item
        parts = CODE.split(line)
        made.append(
            "".join(
                f"`{part}`" if i % 2 else MARKUP.sub(r"\\\1", part) for i, part in enumerate(parts)
            )
        )
    return made
