"""Which finished runs the user means: folders, keys, or the words of a run that is already in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import ConfigError
from ptyspec.faults import catalogue
from ptyspec.files.zipped_arrays import NpzArchive
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.runs.run_spec import KEY_DIGITS, Options, run_specs
from ptyspec.runs.store import RunStore
from ptyspec.scores import headline as scores


@dataclass(frozen=True)
class Compared:
    """One finished run under the name that tables and figures give it."""

    name: str
    run: FinishedRun

    @cached_property
    def truth(self) -> Array | None:
        """The known object (H, W) complex64 that the run was scored against, or None."""
        if not scores.has_truth(self.run.metrics):
            return None
        with NpzArchive(self.run.folder / "scan.npz") as archive:
            return archive.read("objectGuess") if "objectGuess" in archive else None

    @cached_property
    def object_id(self) -> str | None:
        """What names the object: a digest of the truth's values, else that of the measured file; None if neither."""
        if self.truth is not None:
            return hashlib.sha256(
                np.ascontiguousarray(self.truth).tobytes() + str(self.truth.shape).encode()
            ).hexdigest()
        return self.run.resolved.scenario.scan.sha256 or None


def runs(targets: Sequence[str], options: Options, store: RunStore | None = None) -> list[Compared]:
    """Return the runs under names that differ; nothing is run for it.

    A target is what `ptyspec run` takes, or a run's folder or key; `options` are for the former. Raises ConfigError where
    fewer than two runs, or one run twice, are named, and InputFileError for a run that is not finished or is damaged.
    """
    kept = store or RunStore()
    asked = run_specs(targets, options, faults=catalogue.names(), store=kept)
    folders = [one.stored(kept) for one in asked]
    if len(folders) < 2:
        raise ConfigError(
            "a comparison takes two runs or more",
            value=len(folders),
            source="command line",
            next_step="ptyspec compare RUN RUN: folders, keys, or scenarios that are finished",
        )
    for target, folder in zip(targets, folders, strict=True):
        if folders.count(folder) > 1:
            raise ConfigError(
                "the same run is named twice",
                value=target,
                source="command line",
                next_step="name runs that differ, such as SCENARIO:KEY=VALUE, or a run's folder",
            )
    found: dict[str, Compared] = {}
    for folder in folders:
        run = FinishedRun(folder).check()
        name = f"{run.resolved.scenario.name}@{folder.name[:KEY_DIGITS]}"
        name = name if name not in found else f"{name}#{len(found) + 1}"
        found[name] = Compared(name, run)
    return list(found.values())
