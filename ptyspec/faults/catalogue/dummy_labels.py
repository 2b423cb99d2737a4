"""Absent labels and an absent object are filled with ones (failure signature 26)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.scan import RawScan
from ptyspec.faults.fault import Fault, Patch


def _made_up(read: Callable[..., RawScan]) -> Callable[..., RawScan]:
    def wrong(path: Path, **declared: Any) -> RawScan:
        scan = read(path, **declared)
        width, height = (np.ceil(scan.positions.max(axis=0)).astype(int) + scan.N // 2).tolist()
        made = {
            "Y": np.ones(scan.diff3d.shape, np.complex64),
            "objectGuess": np.ones((height, width), np.complex64),
        }
        return scan.model_copy(
            update={name: value for name, value in made.items() if getattr(scan, name) is None}
        )

    return wrong


FAULT = Fault(
    id="dummy-labels",
    stage="files",
    story="a reader that must return labels returns ones",
    patches=(Patch("ptyspec.files.npz:read_npz", _made_up),),
    red=("LABEL-001", "LABEL-002", "FILE-001"),
    green=("DATA-004", "FORMAT-001", "FILE-002"),
    signatures=(26,),
)
