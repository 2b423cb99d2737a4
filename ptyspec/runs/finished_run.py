"""The folder of a finished run: its data files written, and read back file by file and on demand.

Pages are made from them (report/pages.py).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts import records
from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.contracts.records import FileList, FileRecord, History, StageRecord
from ptyspec.contracts.resolve import Layer, Resolved, nest, resolve
from ptyspec.contracts.run import RunResult
from ptyspec.errors import InputFileError
from ptyspec.files.disk import atomic_file, sha256_of
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.files.scan_file import write_scan
from ptyspec.files.scan_npz import read_npz
from ptyspec.files.zipped_arrays import NpzArchive, write_arrays

SCENARIO_FILE = "scenario.json"
DATA = (
    SCENARIO_FILE,
    "environment.json",
    "stages.json",
    "history.json",
    "metrics.json",
    "scan.npz",
    "reconstruction.npz",
    "controls.npz",
)
"""What every run is made of; docs/schemas describes the JSON files."""
LIST = "files.json"
"""Size and digest of each data file, written last. Runs of earlier versions have no such list."""
FILES = (*DATA, LIST)
AGAIN = "make the run again (ptyspec run ... --force), or restore the file"


class FinishedRun:
    """The folder of a run; each file is read when it is first asked for.

    Raises InputFileError, naming the file, where the folder is no run or a file of it is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / SCENARIO_FILE).is_file():
            what = "this folder is not a run"
            step = "name the folder that `ptyspec run` printed"
            limit = f"it holds {SCENARIO_FILE}"
            raise InputFileError(what, value=folder, limit=limit, next_step=step)
        self.folder = folder

    def check(self) -> "FinishedRun":
        """Return this run if every data file is as it was written; InputFileError, naming the file, if not.

        A run without a list of its files (earlier versions wrote none) is read as a whole instead.
        """
        if not (self.folder / LIST).exists():
            self.result()
            return self
        with self._file(LIST) as path:
            written = FileList.model_validate(read_json(path), strict=False).files
            missing = [name for name in DATA if name not in written]
            if missing:
                raise ValueError(f"no entry for {', '.join(missing)}")
        for name in DATA:
            with self._file(name) as path:
                size = path.stat().st_size
                if size != written[name].bytes:
                    raise ValueError(f"{size} bytes, {written[name].bytes} were written")
                if sha256_of(path) != written[name].sha256:
                    raise ValueError("its content is not what was written")
        return self

    def result(self) -> RunResult:
        """Return all of it, as it was when the run ended."""
        return RunResult(
            resolved=self.resolved,
            scan=self.scan,
            reconstruction=self.reconstruction,
            refined=self.refined,
            controls=self.controls,
            metrics=self.metrics,
            history=self.history,
            stages=tuple(self.stages.values()),
            environment=self.environment,
        )

    def _json(self, name: str) -> dict[str, Any]:
        with self._file(name) as path:
            return dict(read_json(path))

    @cached_property
    def resolved(self) -> Resolved:
        """The scenario with the provenance that was recorded, value by value."""
        with self._file(SCENARIO_FILE) as path:
            rows = read_json(path)["values"]
            values = nest({key: row["value"] for key, row in rows.items()})
            found = resolve([Layer(str(path), values)])
            sources = {key: row["source"] for key, row in rows.items()}
        return Resolved(found.scenario, dict.fromkeys(found.provenance, "default") | sources)

    def setting(self, key: str) -> Any:
        """Return one setting as it was recorded; None where it is not there."""
        return (self._json(SCENARIO_FILE).get("values") or {}).get(key, {}).get("value")

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """The content of metrics.json."""
        return self._json("metrics.json")

    @cached_property
    def environment(self) -> Mapping[str, Any]:
        """The content of environment.json."""
        return self._json("environment.json")

    @cached_property
    def stages(self) -> dict[str, StageRecord]:
        """Stage records by name."""
        with self._file("stages.json") as path:
            rows = read_json(path)["stages"]
            return {row["name"]: StageRecord.model_validate(row, strict=False) for row in rows}

    @cached_property
    def history(self) -> History | None:
        """The training, or None where no network was trained."""
        with self._file("history.json") as path:
            found = read_json(path)
            return None if found is None else History.model_validate(found, strict=False)

    @cached_property
    def scan(self) -> RawScan:
        """The scan that was reconstructed."""
        with self._file("scan.npz") as path:
            return read_npz(path)

    def _object(self, name: str, prefix: str = "") -> Reconstruction:
        with self._file(name) as path, NpzArchive(path) as archive:
            return _read_object(archive, prefix)

    @cached_property
    def reconstruction(self) -> Reconstruction:
        """The object of the network alone."""
        return self._object("reconstruction.npz")

    @cached_property
    def refined(self) -> Reconstruction | None:
        """The object after the iterative sweeps that were asked for; None where none were."""
        with self._file("reconstruction.npz") as path, NpzArchive(path) as archive:
            return _read_object(archive, "refined_") if "refined_object" in archive else None

    @cached_property
    def controls(self) -> dict[str, Reconstruction]:
        """The controls' objects by name."""
        with self._file("controls.npz") as path, NpzArchive(path) as archive:
            keys = [key for key in archive.keys if key.endswith("_object")]
            names = [key.removesuffix("_object") for key in keys]
            return {name: _read_object(archive, f"{name}_") for name in names}

    def control(self, name: str) -> Reconstruction:
        """A control's object: trivial, untrained, iterative."""
        return self._object("controls.npz", f"{name}_")

    @contextmanager
    def _file(self, name: str) -> Iterator[Path]:
        """Name the file in whatever is raised while its content is understood."""
        path = self.folder / name
        if not path.is_file():
            what = "a file of this run is missing"
            raise InputFileError(what, value=name, source=self.folder, next_step=AGAIN)
        try:
            yield path
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            what, found = "a file of this run is damaged", " ".join(f"{error}".split())
            raise InputFileError(what, value=found, source=path, next_step=AGAIN) from error


def _read_object(archive: NpzArchive, prefix: str) -> Reconstruction:
    keys = [f"{prefix}{name}" for name in ("object", "coverage", "origin")]
    if missing := [key for key in keys if key not in archive]:
        what, lost = "arrays are missing", ", ".join(missing)
        raise InputFileError(what, value=lost, source=archive.path, next_step=AGAIN)
    image, coverage, (x0, y0) = (archive.read(key) for key in keys)
    if image.ndim != 2 or image.shape != coverage.shape:
        raise ValueError(f"object {image.shape} and coverage {coverage.shape} are not one image")
    return Reconstruction(object=image, coverage=coverage, origin=(int(x0), int(y0)))


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
    write_json(folder / "stages.json", records.StagesFile(stages=result.stages))
    write_json(folder / "history.json", result.history)
    write_json(
        folder / "metrics.json", {"schema_version": records.SCHEMA_VERSION, **result.metrics}
    )
    write_scan(folder / "scan.npz", result.scan)
    refined = {} if result.refined is None else {"refined_": result.refined}
    controls = {f"{name}_": control for name, control in result.controls.items()}
    _write_objects(folder / "reconstruction.npz", {"": result.reconstruction, **refined})
    _write_objects(folder / "controls.npz", controls)
    write_list(folder)


def write_list(folder: Path) -> None:
    """Write down size and digest of each data file: from now on a change to one of them is noticed."""
    paths = [folder / name for name in DATA]
    files = {one.name: FileRecord(bytes=one.stat().st_size, sha256=sha256_of(one)) for one in paths}
    write_json(folder / LIST, FileList(files=files))


def _write_objects(path: Path, objects: Mapping[str, Reconstruction]) -> None:
    arrays: dict[str, Array] = {}
    for prefix, one in objects.items():
        arrays[f"{prefix}object"] = np.asarray(one.object, np.complex64)
        arrays[f"{prefix}coverage"] = np.asarray(one.coverage, np.float32)
        arrays[f"{prefix}origin"] = np.array(one.origin, np.int64)
    with atomic_file(path) as file:
        write_arrays(file, arrays)
