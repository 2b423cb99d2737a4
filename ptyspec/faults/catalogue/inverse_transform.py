"""The detector's transform is the inverse one: frequencies run backwards (failure signature 53)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _inverse(transform: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda exit_wave: np.conj(transform(np.conj(exit_wave)))


FAULT = Fault(
    id="inverse-transform",
    stage="simulate",
    story="ifft2 stands where fft2 should: every pattern is turned by 180 degrees",
    patches=(Patch("ptyspec.physics.diffraction:far_field", _inverse),),
    red=("FORWARD-002", "FORWARD-004", "LOSS-007"),
    green=("FORWARD-001", "FORWARD-003", "FORWARD-006"),
    signatures=(53,),
)
