"""Runs of every kind that a verdict must tell apart, made without a training.

The stages, the scores and the files are the real ones. In place of a network stands a few sweeps of
the iterative reference: more of them than nothing, fewer than the reference itself, as a trained
network lies between both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from ptyspec.contracts.bundles import Array, Container, Patches, RawScan
from ptyspec.contracts.records import EpochRecord, History
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.apply import applied
from ptyspec.files.scan_file import write_scan
from ptyspec.files.zipped_arrays import NpzArchive
from ptyspec.physics import iterative
from ptyspec.physics.geometry import extract_patches
from ptyspec.pipeline.protocol import Containers, Session, Trained
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.finished_run import write_list, write_run
from ptyspec.runs.request import request
from ptyspec.runs.run import run

SETTINGS = (
    "model.N=32",
    "object.size=80",
    "scan.n_images=200",
    "grouping.n_groups=100",
    "inference.iterative_sweeps=10",
)
SWEEPS, UNTRAINED = 10, 1
Spoil = Callable[[Patches, Container], Patches]


@dataclass
class Swept(ReferencePipeline):
    """Everything but a network: its patches are cut from an object after a few sweeps."""

    name: str = "swept"
    spoil: Spoil = lambda patches, _: patches
    sweeps: int = SWEEPS
    probe_factor: float = 1.0

    def simulate(self, scenario: Scenario) -> RawScan:
        """The scan, its probe times a factor that its frames know nothing of."""
        scan = super().simulate(scenario)
        light = (self.probe_factor * scan.probeGuess).astype(np.complex64)
        return scan.model_copy(update={"probeGuess": light})

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        """Nothing is fitted; the weights are a number of sweeps."""
        metrics: dict[str, float | None] = {"loss": 1.0}
        epoch = EpochRecord(epoch=1, learning_rate=0.0, seconds=0.0, finite=True, metrics=metrics)
        history = History(monitor="loss", best_epoch=1, epochs=(epoch,))
        trained, untrained = [np.array([self.sweeps])], [np.array([UNTRAINED])]
        return Trained(trained, untrained, history, self.predict)

    def predict(self, weights: list[Array], container: Container) -> Patches:
        """Patches at the true positions of each group's frames, wherever they are put afterwards."""
        scan, sweeps = container.groups.scan, int(weights[0][0])
        made = iterative.reconstruct(scan, sweeps=sweeps, seed=1)
        filled = np.where(np.isfinite(made.object), made.object, np.complex64(container.a0))
        if sweeps == UNTRAINED:  # one sweep alone knows too much for a network before its training
            filled = gaussian_filter(filled.real, 2) + 1j * gaussian_filter(filled.imag, 2)
        rows = container.groups.nn_indices
        cut = extract_patches(
            filled, scan.positions[rows.ravel()] - np.array(made.origin), scan.N
        ).reshape(*rows.shape, scan.N, scan.N)
        patches = Patches(
            object=np.moveaxis(cut, 1, -1).astype(np.complex64),
            coords=container.groups.coords,
            probe=container.probe,
        )
        return patches if sweeps == UNTRAINED else self.spoil(patches, container)


def times(patches: Patches, factor: float) -> Patches:
    return patches.model_copy(update={"object": (factor * patches.object).astype(np.complex64)})


def gained(patches: Patches, container: Container) -> Patches:
    """The gain stays in the object."""
    return times(patches, container.gain)


def as_in_january(patches: Patches, container: Container) -> Patches:
    """The gain stays in, and a head ends at 1 in the gained unit, far below what the object needs."""
    bounded = np.minimum(np.abs(patches.object), container.a0)
    return times(patches.model_copy(update={"object": bounded}), container.gain)


def shifted(patches: Patches, container: Container) -> Patches:
    """Every patch lies one pixel too far down: few of the scores notice."""
    return patches.model_copy(update={"object": np.roll(patches.object, 1, axis=1)})


def painted(patches: Patches, container: Container) -> Patches:
    """The trivial estimate in place of the result."""
    from ptyspec.pipeline.normalize import coarse_patches

    flat = container.a0 * coarse_patches(container, np.arange(container.size))
    return patches.model_copy(update={"object": flat.astype(np.complex64)})


def scan_of(name: str, seed: int = 1) -> RawScan:
    return ReferencePipeline().simulate(_request(name, seed).scenario)


def _request(target: str, seed: int = 1, gridsize: int | None = None):  # type: ignore[no-untyped-def]
    grid = [] if gridsize is None else [f"model.gridsize={gridsize}"]
    if target.endswith(".npz"):
        own = [one for one in SETTINGS if not one.startswith(("object.", "scan."))]
        return request(target, seed=seed, settings=[*own, *grid, "probe.refine_sweeps=10"])
    return request(target, profile="quick", seed=seed, settings=[*SETTINGS, *grid])


def _made(
    folder: Path,
    target: str,
    pipeline: Swept | None = None,
    faults: tuple[str, ...] = (),
    gridsize: int | None = None,
) -> Path:
    folder.mkdir(parents=True)
    with applied(*faults):
        result = run(_request(target, gridsize=gridsize), pipeline=pipeline or Swept())
    write_run(folder, result)
    return folder


def _measured(folder: Path, change: Mapping[str, Array], name: str = "gs2_custom") -> Path:
    scan = scan_of(name).model_copy(update={"objectGuess": None, **change})
    path = folder.parent / f"{folder.name}.npz"
    write_scan(path, scan)
    return _made(folder, str(path), gridsize=2)


def _gaussian(scan: RawScan) -> Array:
    y, x = np.mgrid[: scan.N, : scan.N] - scan.N / 2
    light = np.exp(-(x**2 + y**2) / (2 * (scan.N / 8) ** 2))
    return (light * np.linalg.norm(scan.probeGuess) / np.linalg.norm(light)).astype(np.complex64)


def _holed(folder: Path) -> Path:
    """One NaN in the middle of the stored object."""
    _made(folder, "gs2_custom")
    path = folder / "reconstruction.npz"
    with NpzArchive(path) as archive:
        arrays = {name: archive.read(name) for name in ("object", "coverage", "origin")}
    rows, columns = np.nonzero(np.isfinite(arrays["object"]))
    middle = len(rows) // 2
    arrays["object"][rows[middle], columns[middle]] = np.nan
    np.savez(path, **arrays)
    write_list(folder)
    return folder


def _unscored(folder: Path) -> Path:
    """A known object that holds nothing finite."""
    scan = scan_of("gs2_custom")
    assert scan.objectGuess is not None
    path = folder.parent / f"{folder.name}.npz"
    write_scan(path, scan)
    _made(folder, str(path), gridsize=2)
    from ptyspec.files.jsonfile import read_json, write_json

    metrics = read_json(folder / "metrics.json")
    metrics["amplitude"] = {**dict.fromkeys(metrics["amplitude"]), "reason": "no pixel was covered"}
    metrics["phase"]["pearson_r"] = None
    write_json(folder / "metrics.json", metrics)
    write_list(folder)
    return folder


def _turned(scan: RawScan) -> dict[str, Array]:
    return {"xcoords": scan.ycoords, "ycoords": scan.xcoords}


MAKERS: dict[str, Callable[[Path], Path]] = {
    "gs1_ideal": lambda f: _made(f, "gs1_ideal"),
    "gs1_custom": lambda f: _made(f, "gs1_custom"),
    "gs2_ideal": lambda f: _made(f, "gs2_ideal"),
    "gs2_custom": lambda f: _made(f, "gs2_custom"),
    "january": lambda f: _made(f, "gs2_custom", Swept(spoil=as_in_january)),
    "trivial": lambda f: _made(f, "gs2_custom", Swept(spoil=painted)),
    "untrained": lambda f: _made(f, "gs2_custom", Swept(sweeps=UNTRAINED)),
    "offsets": lambda f: _made(f, "gs2_custom", faults=("sign-flipped",)),
    "twin": lambda f: _made(f, "gs2_custom", faults=("twin-patches",)),
    "transposed": lambda f: _made(f, "gs2_custom", faults=("stitch-transposes-patches",)),
    "shifted": lambda f: _made(f, "gs2_custom", Swept(spoil=shifted)),
    "gain": lambda f: _made(f, "gs2_custom", Swept(spoil=gained)),
    "probe": lambda f: _made(f, "gs2_custom", Swept(probe_factor=1.2)),
    "nan": _holed,
    "nothing-scored": _unscored,
    "measured": lambda f: _measured(f, {}),
    "measured-swapped": lambda f: _measured(f, _turned(scan_of("gs2_custom"))),
    "measured-probe": lambda f: _measured(f, {"probeGuess": _gaussian(scan_of("gs2_custom"))}),
}


@cache
def made(base: Path, name: str) -> Path:
    """The folder of a run of this kind, made once below `base`; nobody changes it."""
    return MAKERS[name](base / name)
