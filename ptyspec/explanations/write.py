"""The explanation as files: explanation.json, explanation.md and a picture of the stage chain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.explanation import Explanation
from ptyspec.explanations.plan import Outcome
from ptyspec.explanations.story import story
from ptyspec.files.disk import make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import write_json
from ptyspec.render import canvas
from ptyspec.render.table import show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

JSON, STORY, PICTURE = "explanation.json", "explanation.md", "stages.png"
GOOD, BAD = "#0b5fa5", "#d98b00"
LOOKS = {
    Outcome.PASS: ("#1b7f3b", "o"),
    Outcome.FAIL: ("#b3261e", "X"),
    Outcome.UNRESOLVED: (canvas.GREY, "s"),
}
"""Colour and shape: the shape says it as well."""


def is_explanation(folder: Path) -> bool:
    """Say whether a folder holds an explanation."""
    return (folder / JSON).is_file()


def write_explanation(folder: Path, found: Explanation, command: Sequence[str] = ()) -> Path:
    """Write everything into `folder` and return the story; raises OutputFileError where the system refuses."""
    make_folder(folder)
    write_json(folder / JSON, found)
    if found.stages.splices:
        canvas.save(picture(found), folder / PICTURE)
    with atomic_file(folder / STORY) as file:
        file.write(story(found, PICTURE if found.stages.splices else "", command).encode())
    return folder / STORY


def picture(found: Explanation) -> Figure:
    """Return the splices: a row a run, its stages by side; to the right the symptom's number and verdict."""
    from matplotlib.patches import Patch

    rows = found.stages.splices
    title = f"GOOD's first stages in BAD: {found.symptom}"
    figure = canvas.new_figure(11, 0.42 * len(rows) + 1.9, title)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    for at, splice in enumerate(rows):
        count = len(splice.good_stages)
        alpha = 0.35 if splice.how == "same as BAD" else 0.9
        sides = [GOOD if place < count else BAD for place in range(len(STAGES))]
        places = [place - 0.4 for place in range(len(STAGES))]
        boxes = left.barh(at, 0.8, height=0.56, left=places, color=sides, alpha=alpha)
        if splice.good_stages and splice.good_stages[-1] in found.stages.stages:
            boxes[count - 1].set(linewidth=2.0, edgecolor="black")
        colour, shape = LOOKS[splice.outcome]
        right.plot(splice.number or 0.0, at, shape, color=colour, markersize=9)
        number = "" if splice.number is None else f" {show(splice.number)}"
        right.annotate(
            f"{splice.outcome.value}{number}",
            (splice.number or 0.0, at),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize=canvas.SMALL,
        )
    handles = [Patch(color=GOOD, label="GOOD's stage"), Patch(color=BAD, label="BAD's stage")]
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "ncols": 2, "frameon": False}
    left.legend(handles=handles, fontsize=canvas.SMALL, **below)
    left.set(xlim=(-0.5, len(STAGES) - 0.5), ylim=(len(rows) - 0.5, -0.9))
    left.set_xticks(range(len(STAGES)), STAGES, fontsize=canvas.TEXT)
    left.xaxis.tick_top()
    names = [one.sides().partition(",")[0] for one in rows]
    left.set_yticks(range(len(rows)), names, fontsize=canvas.TEXT)
    left.tick_params(length=0)
    left.spines[:].set_visible(False)
    if found.limit is not None:
        right.axvline(found.limit, color="black", linestyle="--", linewidth=1)
    right.set_xlabel(canvas.plain(found.number), fontsize=canvas.TEXT)
    right.tick_params(labelsize=canvas.SMALL)
    right.margins(x=0.35)
    right.set(yticks=[], ylim=left.get_ylim())
    return figure
