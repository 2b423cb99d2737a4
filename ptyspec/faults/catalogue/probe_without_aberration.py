"""The custom probe loses its phase and is its own twin."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _real(custom: Callable[[int, int], Array]) -> Callable[[int, int], Array]:
    def wrong(size: int, seed: int) -> Array:
        level = np.abs(custom(size, seed))
        return np.asarray((level + level[::-1, ::-1]) / 2, np.complex128)

    return wrong


FAULT = Fault(
    id="probe-without-aberration",
    stage="simulate",
    story="a real, symmetric probe judges reconstructions that it cannot tell from their twins",
    patches=(Patch("ptyspec.physics.probes:custom", _real),),
    red=("PROBE-005",),
    green=("PROBE-001", "PROBE-004", "PROBE-006"),
)
