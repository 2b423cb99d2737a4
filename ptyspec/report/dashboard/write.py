"""The files of a dashboard: dashboard.html for people, report.json for programs."""

from __future__ import annotations

import os
from pathlib import Path

from ptyspec.errors import InputFileError
from ptyspec.files.disk import check_place, clear_errors, make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.report.dashboard import history
from ptyspec.report.dashboard.gather import Sources, content
from ptyspec.report.dashboard.page import page
from ptyspec.report.dashboard.pictures import pictures

PAGE, DATA = "dashboard.html", "report.json"
KEPT = ("metrics", "stages", "history", "scenario", "environment")
FILES = (*(f"{name}.json" for name in KEPT), "report.html", "report.md")


def write_dashboard(out: Path, sources: Sources, *, remember: bool = True) -> Path:
    """Write both files into `out` (created if absent; an earlier dashboard there is replaced) and return the page.

    With `remember`, its headline is added to the run store's history, from which later pages draw the trend. Raises
    OutputExistsError where the folder holds files of these names that no dashboard wrote, InputFileError for a source
    that is none, OutputFileError where the system refuses.
    """
    check_out(out)
    found = content(sources)
    drawn = {key: pictures(run) for key, run in zip(found["runs"], sources.runs, strict=True)}
    for run in found["runs"].values():
        run["files"] = _files(Path(run["folder"]), out)
    text = page(found, drawn)
    with clear_errors(make_folder(out)):
        write_json(out / DATA, found)
        with atomic_file(out / PAGE) as file:
            file.write(text.encode())
    if remember:
        history.append(sources.store, found["trend"][-1])
    return out / PAGE


def _files(folder: Path, out: Path) -> dict[str, str]:
    """Where the page finds a run's own files, relative to the page while both stay in place."""
    paths = [folder / name for name in FILES if (folder / name).is_file()]
    return {path.name: Path(os.path.relpath(path, out)).as_posix() for path in paths}


def check_out(out: Path) -> None:
    """Raise OutputExistsError where a dashboard would replace what is none."""
    check_place(out, "a dashboard of this name", _ours)


def _ours(folder: Path) -> bool:
    if not any((folder / name).exists() for name in (PAGE, DATA)):
        return True  # other files of the folder stay as they are
    try:
        found = read_json(folder / DATA)
    except InputFileError:
        return False
    return isinstance(found, dict) and {"schema_version", "headline", "wrong", "trend"} <= set(
        found
    )
