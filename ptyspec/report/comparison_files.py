"""A comparison as files: compare.json, .md, .html and .png."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ptyspec.errors import OutputExistsError, PtyspecError
from ptyspec.files.disk import make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.render import canvas
from ptyspec.render.page import page
from ptyspec.render.text import escape, table
from ptyspec.report.comparison_figure import figure
from ptyspec.report.comparison_runs import Compared
from ptyspec.report.comparison_sheets import sheets

NAMES = ("compare.json", "compare.md", "compare.html", "compare.png")
CAPTIONS = {
    True: "Reconstructions on one colour scale, their errors on another; ring correlation and training below.",
    False: "Reconstructions, each on a colour scale of its own; ring correlation and training below.",
}


def check_place(folder: Path) -> None:
    """Raise OutputExistsError unless `folder` is new, empty, or holds an earlier comparison and nothing else."""
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(
            "the output path is a file",
            value=folder,
            limit="a folder",
            source="--out",
            next_step="name a folder",
        )
    held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if held and not (
        held <= set(NAMES)
        and "compare.json" in held
        and "same_object" in read_json(folder / NAMES[0])
    ):
        raise OutputExistsError(
            "the output folder holds something else than a comparison",
            value=folder,
            limit="a new or empty folder",
            source="--out",
            next_step="choose another folder with --out",
        )


def write_comparison(
    folder: Path, runs: Sequence[Compared], document: Mapping[str, Any]
) -> list[Path]:
    """Write the comparison into `folder` (made where absent) and return its files; every number is the document's.

    A figure that cannot be drawn costs nothing but itself: the text says why. Raises OutputFileError where the system
    refuses.
    """
    make_folder(folder)
    (folder / "compare.png").unlink(missing_ok=True)
    try:
        canvas.save(figure(runs, document), folder / "compare.png")
        picture = f"![{CAPTIONS[document['same_object']]}](compare.png)"
    except (PtyspecError, OSError):
        raise
    except (
        Exception
    ) as error:  # whatever a drawing library raises: the numbers are worth more than a picture
        picture = (
            f"The figure could not be drawn: {escape(f'{type(error).__name__}: {error}', 500)}"
        )
    text = markdown(document, picture)
    write_json(folder / "compare.json", document)
    for name, content in (
        ("compare.md", text),
        ("compare.html", page(text, folder, document["status"])),
    ):
        with atomic_file(folder / name) as file:
            file.write(content.encode())
    return [folder / name for name in NAMES if (folder / name).exists()]


def markdown(document: Mapping[str, Any], picture: str = "") -> str:
    """Return the comparison as Markdown; all text from outside is escaped."""
    names = [escape(row["name"]) for row in document["runs"]]
    lines = [f"# ptyspec compare: {' | '.join(names)}".replace("|", r"\|"), ""]
    lines += [f"- {escape(row['name'])}: {escape(row['folder'], 400)}" for row in document["runs"]]
    lines += ["", f"The runs show {_shared(document)}.", ""]
    if document["limits"]:
        lines += [
            "## What this comparison cannot say",
            "",
            *(f"- {escape(line, 1000)}" for line in document["limits"]),
            "",
        ]
    first, *others = sheets(document)
    for sheet in [first, None, *others]:
        if sheet is None:
            lines += ["## Side by side", "", picture, ""] if picture else []
            continue
        lines += [f"## {escape(sheet.title)}", ""]
        if sheet.rows:
            rows = [[escape(cell, 300) for cell in row] for row in sheet.rows]
            lines += [
                *table([escape(head) for head in sheet.head], rows, numbers=sheet.numbers),
                "",
            ]
        lines += [escape(sheet.note, 1000), ""] if sheet.note else []
    return "\n".join(lines).rstrip() + "\n"


def _shared(document: Mapping[str, Any]) -> str:
    one = "one object" if document["same_object"] else "different objects"
    frames = {
        True: "the same frames",
        False: "different frames",
        None: "frames of which there is no record",
    }
    return f"{one}, reconstructed from {frames[document['same_data']]}"
