"""An audit as files: KIND.json, KIND.md whose numbers link into it, and figures."""

from __future__ import annotations

from pathlib import Path

from ptyspec.audits.report import Audit, Finding
from ptyspec.audits.shown import Cell, lookup, show
from ptyspec.io.disk import make_folder
from ptyspec.io.files import atomic_file
from ptyspec.io.jsonfile import write_json
from ptyspec.report import canvas
from ptyspec.report.text import escape, table

MARKS = {True: "holds", False: "**broken**", None: "not evaluated"}


def write_audit(folder: Path, audit: Audit, name: str | None = None) -> Path:
    """Write the audit into `folder` (made where absent) and return its Markdown file.

    NAME.json (NAME: the kind, unless given), NAME.md, figures/NAME-*.png. Every number in the Markdown is a link
    `NAME.json#POINTER`, which `pointers.problems` re-reads. Raises OutputFileError where the system refuses.
    """
    stem = name or audit.kind
    make_folder(folder)
    write_json(folder / f"{stem}.json", audit.as_json())
    for picture in audit.figures:
        canvas.save(picture.draw(), make_folder(folder / "figures") / f"{stem}-{picture.name}.png")
    path = folder / f"{stem}.md"
    with atomic_file(path) as file:
        file.write(markdown(audit, f"{stem}.json").encode())
    return path


def markdown(audit: Audit, link: str | None = None) -> str:
    """Return the audit as Markdown; with `link`, the name of its JSON file, every number points into it."""
    document = audit.as_json()
    stem = (link or "").removesuffix(".json")

    def cell(value: Cell) -> str:
        return escape(value) if isinstance(value, str) else number(document, value.pointer, value.form, link)

    names = ", ".join(f"{escape(subject['name'])} ({subject['kind']})" for subject in audit.subjects)
    lines = [f"# Audit {audit.kind}: {audit.status}", "", f"{escape(audit.question)} Subjects: {names}.", ""]
    if audit.control:
        lines += [f"Positive control `{audit.control}`: these figures are of data spoiled on purpose.", ""]
    lines += ["## Findings", "", *findings(audit, document, link), ""]
    for found in audit.tables:
        rows = [[cell(value) for value in row] for row in found.rows]
        lines += [f"## {escape(found.title)}", "", *table([escape(head) for head in found.head], rows), ""]
    for picture in audit.figures if link else ():
        lines += [
            f"![{escape(picture.caption)}](figures/{stem}-{picture.name}.png)",
            "",
            f"{escape(picture.caption)}",
            "",
        ]
    if audit.notes:
        lines += ["## Notes", "", *(f"- {escape(note, 1000)}" for note in audit.notes), ""]
    return "\n".join(lines).rstrip() + "\n"


def findings(audit: Audit, document: object, link: str | None) -> list[str]:
    """Return the lines of the table of findings, broken ones first."""
    order = {False: 0, None: 1, True: 2}

    def row(found: Finding) -> list[str]:
        observed = "–" if found.pointer is None else number(document, found.pointer, ".4g", link)
        return [found.clause, MARKS[found.ok], escape(found.what, 400), observed, escape(found.limit, 400)]

    rows = [row(found) for found in sorted(audit.findings, key=lambda found: order[found.ok])]
    head = ["clause", "state", "what", "observed", "limit"]
    return table(head, rows, numbers=False) if rows else ["None."]


def number(document: object, place: str, form: str, link: str | None) -> str:
    """Return a value by reference as text, or as a link to where it stands."""
    text = escape(show(lookup(document, place), form), 400)
    return text if link is None else f'[{text}]({link}#{place.replace(" ", "%20").replace(")", "%29")} "{form}")'
