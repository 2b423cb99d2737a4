"""The API reference: a page for each package, its public modules described by their docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOMS = (
    "contracts",
    "errors",
    "files",
    "front",
    "networks",
    "physics",
    "pipeline",
    "scores",
    "spec",
)
"""What people call from Python, and what those calls hand out; the other rooms are for people who read the code."""
HEAD = """# Python

What the docstrings guarantee, module by module. Programs begin with the names of `ptyspec` itself; the seam for other
people's pipelines is `ptyspec.pipeline.protocol`."""
CODE = re.compile(r"(`[^`\n]*`)")
MARKUP = re.compile(r"([\\*|_])")


def api_pages(root: Path) -> dict[str, str]:
    """Return the pages by file name: one a package, and an index."""
    package = root / "ptyspec"
    found: dict[str, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if parts[1] in (*ROOMS, "__init__"):
            room = "ptyspec" if len(parts) == 2 else ".".join(parts[:2])
            found.setdefault(room, []).append(".".join(parts).removesuffix(".__init__"))
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
