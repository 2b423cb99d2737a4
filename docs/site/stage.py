"""Gather the sources of the site in one folder: the written pages with their links, and the generated ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docs.site.api import api_pages
from docs.site.clauses import clause_pages
from docs.site.commands import command_page
from docs.site.links import relinked
from docs.site.nav import navigation
from docs.site.schemas import schema_page

COPIED = ("images", "schemas", "notebooks", "campaign")
"""Folders of docs/ that pages show or link to, as they are."""


def stage(root: Path, target: Path) -> None:
    """Write every source below `target`; files that are no longer made are removed, equal ones are left untouched."""
    made = {
        **dict(_written(root)),
        **clause_pages(root),
        **schema_page(root),
        **command_page(),
        **api_pages(root),
    }
    made["index.md"] += navigation(set(made))
    target.mkdir(parents=True, exist_ok=True)
    kept = {target / name for name in made}
    for name, text in made.items():
        _write(target / name, text.encode())
    for folder in COPIED:
        for path in sorted((root / "docs" / folder).rglob("*")):
            copy = target / path.relative_to(root / "docs")
            if path.is_file() and copy not in kept:
                kept.add(copy)
                _write(copy, path.read_bytes())
    for path in target.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()


def _written(root: Path) -> Iterator[tuple[str, str]]:
    yield "index.md", relinked(root, root / "README.md", "")
    for path in sorted((root / "docs").rglob("*.md")):
        name = path.relative_to(root / "docs")
        if "site" not in name.parts:
            yield name.as_posix(), relinked(root, path, name.parent.as_posix())
    for path in sorted((root / "docs" / "notebooks").glob("*.ipynb")):
        yield f"notebooks/{path.name}", path.read_text(encoding="utf-8")


def _write(path: Path, content: bytes) -> None:
    """Sphinx reads again what is newer: a file that says the same keeps its time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
