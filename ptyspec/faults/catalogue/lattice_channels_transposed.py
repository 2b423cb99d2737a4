"""The channels of a lattice group go down the columns first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import RawScan
from ptyspec.faults.fault import Fault, Patch


def _transposed(lattice_groups: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(scan: RawScan, gridsize: int, offset: float) -> Array:
        made = lattice_groups(scan, gridsize, offset)
        return np.swapaxes(made.reshape(-1, gridsize, gridsize), 1, 2).reshape(made.shape)

    return wrong


FAULT = Fault(
    id="lattice-channels-transposed",
    stage="group",
    story="channel c is the frame at row c % gridsize and column c // gridsize",
    patches=(Patch("ptyspec.pipeline.group:lattice_groups", _transposed),),
    red=("GROUP-011", "GROUP-001"),
    green=("GROUP-004", "GROUP-010", "SPLIT-002"),
)
