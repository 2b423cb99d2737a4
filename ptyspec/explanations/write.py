"""The explanation as files: explanation.json, explanation.md and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ptyspec.explanations.explanation import Explanation
from ptyspec.explanations.figures import figures
from ptyspec.explanations.story import story
from ptyspec.files.disk import make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import write_json
from ptyspec.render import canvas

JSON, STORY = "explanation.json", "explanation.md"


def is_explanation(folder: Path) -> bool:
    """Say whether a folder holds an explanation."""
    return (folder / JSON).is_file()


def write_explanation(folder: Path, found: Explanation, command: Sequence[str] = ()) -> Path:
    """Write everything into `folder` and return the story; raises OutputFileError where the system refuses."""
    make_folder(folder)
    write_json(folder / JSON, found)
    drawn = {
        name: canvas.save(figure, folder / f"{name}.png").name
        for name, figure in figures(found).items()
    }
    with atomic_file(folder / STORY) as file:
        file.write(story(found, drawn, command).encode())
    return folder / STORY
