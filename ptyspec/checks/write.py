"""An audit as files: KIND.json, KIND.md whose numbers link into it, and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ptyspec.checks.report import Audit, Picture
from ptyspec.checks.shown import field
from ptyspec.errors import PtyspecError
from ptyspec.files.disk import make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.render import canvas
from ptyspec.render.table import LONG, Mark, Table
from ptyspec.render.text import escape

BROKEN = "broken"
MARKS = {True: "holds", False: BROKEN, None: "not evaluated"}
ORDER = {False: 0, None: 1, True: 2}
STYLES = {
    "ok": "green",
    "violation": "bold red",
    "defect": "bold red",
    "incomplete": "yellow",
    "not evaluated": "yellow",
    "holds": "green",
    BROKEN: "bold red",
}
"""How a terminal shows a state."""
HUB = "hub.json"
"""The file by which a folder is known to be a finished hub."""


def may_hold(kind: str) -> Callable[[Path], bool]:
    """Return whether a folder holds audits, of which one of this kind would be replaced, and nothing else."""

    def ours(folder: Path) -> bool:
        held = {path.name for path in folder.iterdir()}
        audits = {name for name in held if name.endswith(".json") and _is_audit(folder / name)}
        return bool(audits) and HUB not in held and f"{kind}.json" not in held - audits

    return ours


def write_audit(folder: Path, audit: Audit, name: str | None = None) -> Path:
    """Write the audit into `folder` (made where absent) and return its Markdown file.

    NAME.json (NAME: the kind, unless given), NAME.md, figures/NAME-*.png. Every number in the Markdown is a link
    `NAME.json#POINTER`, which `pointers.problems` re-reads. A figure that cannot be drawn costs nothing but itself:
    the document says why. Raises OutputFileError where the system refuses.
    """
    stem = name or audit.kind
    make_folder(folder)
    document = audit.as_json()
    for picture, row in zip(audit.figures, document["figures"], strict=True):
        row |= _drawn(picture, folder, f"figures/{stem}-{picture.name}.png")
    write_json(folder / f"{stem}.json", document)
    path = folder / f"{stem}.md"
    with atomic_file(path) as file:
        file.write(markdown(audit, f"{stem}.json", document).encode())
    return path


def markdown(audit: Audit, file: str = "", document: Mapping[str, Any] | None = None) -> str:
    """Return the audit as Markdown; with `file`, the name of its JSON file, every number points into it."""
    document = document or audit.as_json()
    names = (f"{escape(one['name'])} ({escape(one['source'])})" for one in audit.subjects)
    lines = [f"# Audit {audit.kind}: {audit.status}", "", escape(audit.question), ""]
    lines += [f"Subjects: {', '.join(names)}.", ""]
    if audit.control:
        spoiled = "these figures are of data spoiled on purpose"
        lines += [f"Positive control `{audit.control}`: {spoiled}.", ""]
    held = findings(document, file)
    lines += (
        held.section() if held.rows else ["## Findings", "", "None: nothing was evaluated.", ""]
    )
    for table in tables(document, file):
        lines += table.section()
    for row in document["figures"] if file else ():
        lines += [*_shown(row), ""]
    if audit.notes:
        lines += ["## Notes", "", *(f"- {escape(note, 1000)}" for note in audit.notes), ""]
    return "\n".join(lines).rstrip() + "\n"


def tables(document: Mapping[str, Any], file: str = "") -> list[Table]:
    """Return the tables of an audit's document, each number as it stands in the data."""

    def cell(value: Any) -> object:
        return value if isinstance(value, str) else field(document, file=file, **value)

    return [
        Table(
            row["head"], [[cell(value) for value in cells] for cells in row["rows"]], row["title"]
        )
        for row in document["tables"]
    ]


def findings(document: Mapping[str, Any], file: str = "", *, last: bool = False) -> Table:
    """Return the findings of an audit's document, broken ones first, or last."""

    def row(place: int, found: Mapping[str, Any]) -> list[object]:
        state = Mark(
            MARKS[found["ok"]], bold=found["ok"] is False, style=STYLES[MARKS[found["ok"]]]
        )
        limit = field(document, f"/findings/{place}/limit", file=file)
        there = found["pointer"]
        observed = field(document, there, file=file) if there else None
        return [found["clause"], state, found["what"], observed, limit]

    ordered = sorted(
        enumerate(document["findings"]), key=lambda pair: ORDER[pair[1]["ok"]], reverse=last
    )
    head = ["clause", "state", "what", "observed", "limit or reason"]
    return Table(head, [row(*pair) for pair in ordered], "Findings", numbers=False)


def _drawn(picture: Picture, folder: Path, name: str) -> dict[str, str | None]:
    place = make_folder((folder / name).parent) / Path(name).name
    saved, why = canvas.attempt(lambda: canvas.save(picture.draw(), place))
    return {"file": name if saved else None, "error": why or None}


def _shown(row: Mapping[str, Any]) -> list[str]:
    caption = escape(row["caption"], LONG)
    if row["file"] is None:
        return [f"{caption}: not drawn ({escape(row['error'], LONG)})"]
    return [f"![{caption}]({row['file']})", "", caption]


def _is_audit(path: Path) -> bool:
    try:
        content = read_json(path)
    except PtyspecError:
        return False
    keys = {"schema_version", "kind", "findings", "data"}
    return isinstance(content, dict) and keys <= set(content)
