"""What a reader of the documentation brings: scans, a probe, a pipeline."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import RawScan, Reconstruction
from ptyspec.files.scan_file import write_scan
from ptyspec.pipeline.reference import ReferencePipeline
from tests import cxi_files
from tests.npz_files import boxed
from tests.tiny_runs import tiny

PIPELINE = '''"""A pipeline of the reader's own."""

from ptyspec.pipeline.reference import ReferencePipeline


class Mine(ReferencePipeline):
    """Ours, under another name."""

    name = "mine"
'''


def bring(folder: Path) -> None:
    """Put the files that pages speak of into `folder`: `scan.npz`, `counts.npz`, `scan.cxi`, `probe.npy`, `old.npz`, `mine`."""
    made = scan()
    write_scan(folder / "scan.npz", made)
    bare = {"xcoords": made.xcoords, "ycoords": made.ycoords, "probeGuess": made.probeGuess}
    np.savez(folder / "counts.npz", diff3d=counts(made).astype(np.uint16), **bare)
    np.savez(
        folder / "old.npz",
        diff3d=np.asarray(made.diff3d),
        _metadata=boxed({"note": "pickled"}),
        **bare,
    )
    cxi_files.write(folder / "scan.cxi", **{f"{cxi_files.SOURCE}/illumination": None})
    np.save(folder / "probe.npy", cxi_files.a_probe())
    (folder / "mine").mkdir()
    (folder / "mine" / "pipeline.py").write_text(PIPELINE, encoding="utf-8")


def given(code: str) -> dict[str, Any]:
    """Return the names of the reader's own data that a Python block uses."""
    return {name: make() for name, make in NAMES.items() if re.search(rf"\b{name}\b", code)}


@cache
def scan() -> RawScan:
    """A small simulated scan, without its object: as if it had been measured."""
    made = ReferencePipeline().simulate(tiny().scenario)
    return made.model_copy(update={"objectGuess": None, "Y": None, "metadata": {}})


def counts(made: RawScan) -> Any:
    """The counts of a scan's frames."""
    return np.rint(made.scale**2 * np.asarray(made.diff3d, np.float64) ** 2)


def reconstruction() -> Reconstruction:
    """An object as large as the scan asks for."""
    size = 96
    return Reconstruction(
        object=np.ones((size, size), np.complex64),
        coverage=np.ones((size, size), np.float32),
        origin=(0.0, 0.0),
    )


NAMES: dict[str, Callable[[], Any]] = {
    "x": lambda: scan().xcoords,
    "y": lambda: scan().ycoords,
    "counts": lambda: counts(scan()),
    "probe": lambda: scan().probeGuess,
    "scan": scan,
    "reconstruction": reconstruction,
}
"""What pages call the reader's own data."""
