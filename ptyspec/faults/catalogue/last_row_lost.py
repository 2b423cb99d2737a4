"""The last row of the exit wave is lost before it is transformed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _cut(expected: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    def wrong(probe: Array, patches: Array) -> Array:
        rows = np.arange(probe.shape[-1]) < probe.shape[-1] - 1
        return expected(probe * rows[:, None], patches)

    return wrong


FAULT = Fault(
    id="last-row-lost",
    stage="simulate",
    story="an off-by-one in a cut: the pattern of an object and that of its twin differ",
    patches=(Patch("ptyspec.physics.diffraction:expected_amplitude", _cut),),
    red=("TWIN-001",),
    green=("FORWARD-002", "FORWARD-006", "PHASE-001"),
)
