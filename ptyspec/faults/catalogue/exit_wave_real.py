"""Only the real part of the exit wave propagates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _real(expected: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    def wrong(probe: Array, patches: Array) -> Array:
        return expected(np.ones_like(probe), (probe * patches).real)

    return wrong


FAULT = Fault(
    id="exit-wave-real",
    stage="simulate",
    story="the imaginary part is lost on the way to a library that takes real arrays",
    patches=(Patch("ptyspec.physics.diffraction:expected_amplitude", _real),),
    red=("PHASE-001", "FORWARD-004"),
    green=("FORWARD-003", "TRANSLATE-002"),
)
