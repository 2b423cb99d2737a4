"""A finished run with its pages, in the store and where the user wants it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ptyspec.contracts.resolve import Resolved
from ptyspec.faults.apply import applied_once
from ptyspec.files.disk import check_output, publish
from ptyspec.pipeline.progress import Progress
from ptyspec.report import pages
from ptyspec.runs import produce as data


def produce(
    resolved: Resolved,
    *,
    out: Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
    faults: Sequence[str] = (),
    **how: Any,
) -> Path:
    """Return the folder of the finished run, its report in it; `how` goes to `runs.produce`.

    `faults` are active while the run is made, and no longer: its pages are made by the code as it
    is. `out` receives a copy; OutputExistsError, before any work, where it holds something and not `force`.
    """
    if out is not None:
        check_output(out, force)
    with applied_once(*faults):
        folder = data.produce(resolved, force=force, progress=progress, **how)
    pages.ensure(folder, progress)
    return folder if out is None else publish(folder, out, force)
