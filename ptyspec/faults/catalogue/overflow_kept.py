"""Pixels that hold the largest count of their type are taken for measured ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _kept(mask: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(file: Any, frames: Array, warnings: list[str]) -> Array:
        if frames.dtype.kind == "u":
            frames = np.minimum(frames, np.iinfo(frames.dtype).max - 1)
        return mask(file, frames, warnings)

    return wrong


FAULT = Fault(
    id="overflow-kept",
    stage="files",
    story="gaps and overflows of the detector are warned of and kept",
    patches=(Patch("ptyspec.files.cxi:_mask", _kept),),
    red=("CXI-002",),
    green=("CXI-001", "CXI-003", "FILE-005"),
)
