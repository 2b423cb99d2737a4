"""A finished run, read back from its folder: what other programs see of it, file by file and on demand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ptyspec.contracts.container import Reconstruction
from ptyspec.contracts.records import History, StageRecord
from ptyspec.contracts.resolve import Layer, Resolved, nest, resolve
from ptyspec.contracts.scan import RawScan
from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_json
from ptyspec.files.zipped_arrays import NpzArchive

SCENARIO_FILE = "scenario.json"


class FinishedRun:
    """The folder of a run; each file is read when it is first asked for.

    Raises InputFileError, naming the file, where the folder is no run or a file of it is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / SCENARIO_FILE).is_file():
            raise InputFileError(
                "this folder is not a run",
                value=folder,
                limit=f"it holds {SCENARIO_FILE}",
                next_step="name the folder that `ptyspec run` printed",
            )
        self.folder = folder

    @cached_property
    def resolved(self) -> Resolved:
        """The scenario with the provenance that was recorded, value by value."""
        rows = read_json(self.folder / SCENARIO_FILE)["values"]
        found = resolve(
            [
                Layer(
                    str(self.folder / SCENARIO_FILE),
                    nest({key: row["value"] for key, row in rows.items()}),
                )
            ]
        )
        return Resolved(
            found.scenario,
            {key: rows.get(key, {"source": "default"})["source"] for key in found.provenance},
        )

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """The content of metrics.json."""
        return dict(read_json(self.folder / "metrics.json"))

    @cached_property
    def environment(self) -> Mapping[str, Any]:
        """The content of environment.json."""
        return dict(read_json(self.folder / "environment.json"))

    @cached_property
    def stages(self) -> dict[str, StageRecord]:
        """Stage records by name."""
        rows = read_json(self.folder / "stages.json")["stages"]
        return {row["name"]: StageRecord.model_validate(row, strict=False) for row in rows}

    @cached_property
    def history(self) -> History | None:
        """The training, or None where no network was trained."""
        found = read_json(self.folder / "history.json")
        return None if found is None else History.model_validate(found, strict=False)

    @cached_property
    def scan(self) -> RawScan:
        """The scan that was reconstructed."""
        from ptyspec.files.npz import read_npz

        return read_npz(self.folder / "scan.npz")

    @cached_property
    def reconstruction(self) -> Reconstruction:
        """The object of the network alone."""
        return self._object(self.folder / "reconstruction.npz", "")

    def control(self, name: str) -> Reconstruction:
        """A control's object: trivial, untrained, iterative."""
        return self._object(self.folder / "controls.npz", f"{name}_")

    def _object(self, path: Path, prefix: str) -> Reconstruction:
        with NpzArchive(path) as archive:
            missing = [
                key
                for key in (f"{prefix}object", f"{prefix}coverage", f"{prefix}origin")
                if key not in archive
            ]
            if missing:
                raise InputFileError(
                    "arrays are missing",
                    value=", ".join(missing),
                    source=path,
                    next_step="run it again",
                )
            origin = archive.read(f"{prefix}origin")
            return Reconstruction(
                object=archive.read(f"{prefix}object"),
                coverage=archive.read(f"{prefix}coverage"),
                origin=(int(origin[0]), int(origin[1])),
            )
