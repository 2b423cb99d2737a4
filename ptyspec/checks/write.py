"""An audit as files: KIND.json, KIND.md whose numbers link into it, and figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptyspec.checks.report import Audit, Picture
from ptyspec.checks.shown import DEFAULT_FORM, address, lookup
from ptyspec.errors import OutputExistsError, PtyspecError
from ptyspec.files.disk import make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.render import canvas
from ptyspec.render.table import Mark, Table
from ptyspec.render.text import escape

MARKS = {True: "holds", False: "broken", None: "not evaluated"}
ORDER = {False: 0, None: 1, True: 2}
HUB = "hub.json"
"""The file by which a folder is known to be a finished hub."""
LONG = 400
"""Characters of a cell that are shown."""


def check_place(folder: Path, kind: str) -> None:
    """Raise OutputExistsError unless `folder` is new, empty, or holds audits; call it before the work.

    An earlier audit of the kind is replaced there, and nothing else.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(
            "the output path is a file",
            value=folder,
            limit="a folder",
            source="--out",
            next_step="name a folder",
        )
    held = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    audits = [name for name in held if name.endswith(".json") and _is_audit(folder / name)]
    if (
        HUB in held
        or (held and not audits)
        or (f"{kind}.json" in held and f"{kind}.json" not in audits)
    ):
        raise OutputExistsError(
            "the output folder holds something else than single audits",
            value=folder,
            limit="a new or empty folder",
            source="--out",
            next_step="choose another folder with --out",
        )


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


def markdown(
    audit: Audit, file: str | None = None, document: Mapping[str, Any] | None = None
) -> str:
    """Return the audit as Markdown; with `file`, the name of its JSON file, every number points into it."""
    document = document or audit.as_json()
    names = ", ".join(
        f"{escape(subject['name'])} ({escape(subject['source'])})" for subject in audit.subjects
    )
    lines = [
        f"# Audit {audit.kind}: {audit.status}",
        "",
        escape(audit.question),
        "",
        f"Subjects: {names}.",
        "",
    ]
    if audit.control:
        lines += [
            f"Positive control `{audit.control}`: these figures are of data spoiled on purpose.",
            "",
        ]
    held = findings(document, file)
    said = held.markdown() if held.rows else ["None: nothing was evaluated."]
    lines += ["## Findings", "", *said, ""]
    for table in tables(audit, document, file):
        lines += [f"## {escape(table.title)}", "", *table.markdown(), ""]
    for row in document["figures"] if file else ():
        lines += [*_shown(row), ""]
    if audit.notes:
        lines += ["## Notes", "", *(f"- {escape(note, 1000)}" for note in audit.notes), ""]
    return "\n".join(lines).rstrip() + "\n"


def tables(audit: Audit, document: Mapping[str, Any], file: str | None = None) -> list[Table]:
    """Return the audit's tables; with `file`, the name of its JSON file, every number is a link to where it stands."""
    made = []
    for found in audit.tables:
        rows = [
            [
                one if isinstance(one, str) else number(document, one.pointer, file, one.form)
                for one in row
            ]
            for row in found.rows
        ]
        made.append(Table(found.head, rows, found.title))
    return made


def findings(document: Mapping[str, Any], file: str | None = None) -> Table:
    """Return the table of findings, broken ones first."""
    rows = []
    for place, found in sorted(
        enumerate(document["findings"]), key=lambda pair: ORDER[pair[1]["ok"]]
    ):
        observed = number(document, found["pointer"], file) if found["pointer"] else None
        limit = number(document, f"/findings/{place}/limit", file)
        state = Mark(MARKS[found["ok"]], bold=found["ok"] is False)
        rows.append((found["clause"], state, found["what"], observed, limit))
    head = ("clause", "state", "what", "observed", "limit or reason")
    return Table(head, rows, "Findings", numbers=False)


def number(document: object, place: str, file: str | None, form: str = DEFAULT_FORM) -> Mark:
    """Return a value by reference; with `file` it is a link to where it stands."""
    where = "" if file is None else address(file, place)
    return Mark(lookup(document, place), link=where, hint=form, form=form)


def _drawn(picture: Picture, folder: Path, name: str) -> dict[str, str | None]:
    try:
        canvas.save(picture.draw(), make_folder((folder / name).parent) / Path(name).name)
    except (PtyspecError, OSError):
        raise
    except (
        Exception
    ) as error:  # whatever a drawing library raises: the numbers are worth more than a picture
        return {"file": None, "error": f"{type(error).__name__}: {error}"}
    return {"file": name, "error": None}


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
    return isinstance(content, dict) and {"schema_version", "kind", "findings", "data"} <= set(
        content
    )
