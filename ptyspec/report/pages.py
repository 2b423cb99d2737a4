"""The pages of a finished run: its pictures, report.md and report.html, made from its data when they are shown."""

import os
import re
from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import ptyspec
from ptyspec.checks.verdict import Verdict, verdict_of
from ptyspec.contracts.run import RunResult
from ptyspec.errors import InputFileError
from ptyspec.extras import EXTRAS, installed
from ptyspec.files.disk import atomic_file
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.pipeline.protocol import Progress
from ptyspec.render.page import page
from ptyspec.render.table import escape
from ptyspec.report import scan_pictures, sections
from ptyspec.report.figures import linked, write_figures
from ptyspec.report.scan_page import findings
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.runs.store import RunStore, source_digest

PAGES = ("report.md", "report.html")
MADE_BY = "pages.json"
"""Names the code that made the pages: pages of other code are made again."""
SOURCES = ("render", "report", "checks", "scores", "spec")
"""Whatever can change a page that is made from equal data."""


def ensure(folder: Path, progress: Progress | None = None) -> Path:
    """Return the folder of a finished run with pages of the present code in it, made where they are not.

    One process at a time makes those of a stored run. Pages of other code stay where the folder cannot be written.
    Raises InputFileError where the data of the run cannot be read, and OutputFileError.
    """
    kept = (folder / PAGES[0]).is_file() and not os.access(folder, os.W_OK)
    if kept or _current(folder):
        return folder
    stored = folder.parent.name == "runs"
    with RunStore(folder.parent.parent).locked(folder.name) if stored else nullcontext():
        if not _current(folder):  # somebody else may have made them while this process waited
            write_pages(folder, progress)
    return folder


def write_pages(folder: Path, progress: Progress | None = None) -> None:
    """Write figures/, report.md and report.html beside the data of a finished run.

    report.html is report.md for a browser: the same text, so the same numbers, with the pictures held inside.
    `progress` sees a stage "report" with a step a picture: drawing takes seconds.
    """
    watcher = progress or Progress()
    watcher.stage_started("report")
    run = FinishedRun(folder)
    result, verdict = run.result(), verdict_of(run)
    (folder / MADE_BY).unlink(missing_ok=True)  # pages that are half made are nobody's
    figures = write_figures(folder / "figures", result, watcher)
    text = report_text(result, verdict, figures, folder)
    for name, content in zip(PAGES, (text, page(text, folder, verdict.status)), strict=True):
        with atomic_file(folder / name) as file:
            file.write(content.encode())
    drawn = all(path.suffix == ".png" for path in figures.values()) or can_draw()
    write_json(folder / MADE_BY, {"schema_version": 1, "code": _code(), "pictures": drawn})


def _current(folder: Path) -> bool:
    if not all((folder / name).is_file() for name in (*PAGES, MADE_BY)):
        return False
    try:
        made = read_json(folder / MADE_BY)
        # Pages that were made without matplotlib are made again once it is there.
        return bool(made["code"] == _code() and (made.get("pictures", True) or not can_draw()))
    except (InputFileError, KeyError, TypeError):
        return False


def can_draw() -> bool:
    """Return whether pictures can be drawn here at all."""
    return installed(*EXTRAS["report"])


@cache
def _code() -> str:
    return source_digest(Path(ptyspec.__file__).parent, SOURCES)


CAPTIONS = {
    "amplitude": "Amplitude. All panels but the error share one colour scale; grey was not illuminated.",
    "phase": "Phase after one global phase, nothing else removed.",
    "controls": "The network beside the estimators it must be compared with.",
    "frc": "Fourier ring correlation.",
    "training": "Loss and learning rate.",
    "coverage": "Illumination and scan positions.",
    "diffraction": "Measured patterns and the probe.",
    **scan_pictures.CAPTIONS,
}


def report_text(
    result: RunResult, verdict: Verdict, figures: Mapping[str, Path], folder: Path
) -> str:
    """Return the report in Markdown; pictures are linked relative to `folder`, all outside text is escaped."""

    def pictures(*names: str) -> list[str]:
        return linked(figures, folder, {name: CAPTIONS[name] for name in names})

    scenario, table = result.resolved.scenario, sections.score_table(result.metrics).markdown()
    before = findings(row for row in verdict.findings if row.clause.startswith("SCAN-"))
    parts: list[tuple[str, list[str]]] = [
        ("", [*sections.answer(result, verdict), "", escape(scenario.description, 1000)]),
        ("What is wrong", sections.broken(verdict)),
        ("What is doubtful", sections.doubts(verdict)),
        ("Scores beside their controls", [*table, "", *sections.how_to_read(result)]),
        ("Pictures", pictures("amplitude", "phase", "controls", "frc")),
        ("Lengths and dose", sections.units(result)),
        ("Limits", sections.limits(result)),
        ("Warnings on the input", sections.warnings(result)),
        ("Stages and normalisation", sections.stages(result, verdict)),
        ("Training", [*sections.training(result), "", *pictures("training")]),
        ("The data", pictures("coverage", "diffraction")),
        ("The scan before it was used", [*before, "", *pictures(*scan_pictures.CAPTIONS)]),
        ("Settings that differ from the defaults", sections.settings(result.resolved)),
        ("Environment", sections.environment(result.environment)),
        ("How to run this again", sections.reproduce(result.resolved)),
    ]
    lines = [f"# ptyspec run: {escape(scenario.name)}", ""]
    for head, body in parts:
        if any(body):
            lines += ([f"## {head}", ""] if head else []) + [*body, ""]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
