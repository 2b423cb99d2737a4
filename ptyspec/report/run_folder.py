"""A run on disk: the files other programs read, the pictures and the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.contracts.records import SCHEMA_VERSION
from ptyspec.contracts.run import RunResult
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import write_json
from ptyspec.files.npz import write_scan
from ptyspec.files.zipped_arrays import write_arrays
from ptyspec.pipeline.progress import Progress, Silent
from ptyspec.render.page import page
from ptyspec.report.figures import write_figures
from ptyspec.report.markdown import report_text
from ptyspec.scores.headline import state

FILES = (
    "scenario.json",
    "environment.json",
    "stages.json",
    "history.json",
    "scan.npz",
    "reconstruction.npz",
    "controls.npz",
    "metrics.json",
    "report.md",
    "report.html",
)
"""What every run folder holds, beside figures/; docs/schemas describes the JSON files."""


def write_run(folder: Path, result: RunResult, progress: Progress | None = None) -> None:
    """Fill `folder` (which exists) with a finished run: JSON, scan, objects, pictures, report.

    - scan.npz: the scan in the canonical form (a measured one too, so that every reader finds the same keys).
    - reconstruction.npz: object (H, W) complex64, coverage (H, W) float32, origin (2,) int64 [x0, y0]; with a
      refinement also refined_object, refined_coverage, refined_origin.
    - controls.npz: the same three arrays a control, prefixed with its name.
    - `progress` sees a stage "report" with a step a picture: drawing takes seconds.
    - history.json is null where no network was trained.
    - report.html is report.md for a browser: the same text, so the same numbers, with the pictures held inside.

    The store hands over a partial folder, so that a failure here leaves nothing that looks finished. Raises
    OutputFileError when a file cannot be written.
    """
    write_json(folder / "scenario.json", result.resolved.as_json())
    write_json(folder / "environment.json", dict(result.environment))
    write_json(
        folder / "stages.json", {"schema_version": SCHEMA_VERSION, "stages": list(result.stages)}
    )
    write_json(folder / "history.json", result.history)
    write_json(folder / "metrics.json", {"schema_version": SCHEMA_VERSION, **result.metrics})
    write_scan(folder / "scan.npz", result.scan)
    objects = _arrays("", result.reconstruction)
    if result.refined is not None:
        objects |= _arrays("refined_", result.refined)
    _write_arrays(folder / "reconstruction.npz", objects)
    controls = {
        key: array
        for name, found in result.controls.items()
        for key, array in _arrays(f"{name}_", found).items()
    }
    _write_arrays(folder / "controls.npz", controls)
    watcher = progress if progress is not None else Silent()
    watcher.stage_started("report")
    figures = write_figures(folder / "figures", result, watcher)
    text = report_text(result, figures, folder)
    for name, content in (
        ("report.md", text),
        ("report.html", page(text, folder, state(result.metrics))),
    ):
        with atomic_file(folder / name) as file:
            file.write(content.encode())


def _arrays(prefix: str, found: Reconstruction) -> dict[str, Array]:
    return {
        f"{prefix}object": np.asarray(found.object, np.complex64),
        f"{prefix}coverage": np.asarray(found.coverage, np.float32),
        f"{prefix}origin": np.array(found.origin, np.int64),
    }


def _write_arrays(path: Path, arrays: dict[str, Array]) -> None:
    with atomic_file(path) as file:
        write_arrays(file, arrays)
