"""Write the data files of a finished run. Pages are made from them (report/pages.py)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.contracts.records import SCHEMA_VERSION, FileList, FileRecord, StagesFile
from ptyspec.contracts.run import RunResult
from ptyspec.files.files import atomic_file, sha256_of
from ptyspec.files.jsonfile import write_json
from ptyspec.files.npz import write_scan
from ptyspec.files.zipped_arrays import write_arrays
from ptyspec.runs.finished_run import DATA, LIST


def write_run(folder: Path, result: RunResult) -> None:
    """Fill `folder` (which exists) with the data of a finished run.

    - scan.npz: the scan in the canonical form (a measured one too, so that every reader finds the same keys).
    - reconstruction.npz: object (H, W) complex64, coverage (H, W) float32, origin (2,) int64 [x0, y0]; with a
      refinement also refined_object, refined_coverage, refined_origin.
    - controls.npz: the same three arrays a control, prefixed with its name.
    - history.json is null where no network was trained.

    The store hands over a partial folder, so that a failure here leaves nothing that looks finished. Raises
    OutputFileError when a file cannot be written.
    """
    write_json(folder / "scenario.json", result.resolved.as_json())
    write_json(folder / "environment.json", dict(result.environment))
    write_json(folder / "stages.json", StagesFile(stages=result.stages))
    write_json(folder / "history.json", result.history)
    write_json(folder / "metrics.json", {"schema_version": SCHEMA_VERSION, **result.metrics})
    write_scan(folder / "scan.npz", result.scan)
    objects = {"": result.reconstruction}
    if result.refined is not None:
        objects["refined_"] = result.refined
    _write_objects(folder / "reconstruction.npz", objects)
    controls = {f"{name}_": control for name, control in result.controls.items()}
    _write_objects(folder / "controls.npz", controls)
    write_list(folder)


def write_list(folder: Path) -> None:
    """Write down size and digest of each data file: from now on a change to one of them is noticed."""
    records = {}
    for name in DATA:
        path = folder / name
        records[name] = FileRecord(bytes=path.stat().st_size, sha256=sha256_of(path))
    write_json(folder / LIST, FileList(files=records))


def _write_objects(path: Path, objects: Mapping[str, Reconstruction]) -> None:
    arrays: dict[str, Array] = {}
    for prefix, one in objects.items():
        arrays[f"{prefix}object"] = np.asarray(one.object, np.complex64)
        arrays[f"{prefix}coverage"] = np.asarray(one.coverage, np.float32)
        arrays[f"{prefix}origin"] = np.array(one.origin, np.int64)
    with atomic_file(path) as file:
        write_arrays(file, arrays)
