"""The lines object is blurred with other weights than the recorded one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _other(lines: Callable[[int, int], Array]) -> Callable[[int, int], Array]:
    def wrong(size: int, seed: int) -> Array:
        made = lines(size, seed)
        return np.asarray(0.9 * made + 0.1 * made.mean())

    return wrong


FAULT = Fault(
    id="lines-of-another-blur",
    stage="simulate",
    story="the amplitude of the lines is that of another recipe: a level that looks right beside itself",
    patches=(Patch("ptyspec.physics.objects:lines", _other),),
    red=("OBJECT-001",),
    green=("OBJECT-003", "PROBE-006", "NESTED-001"),
)
