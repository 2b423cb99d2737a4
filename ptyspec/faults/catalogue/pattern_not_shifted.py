"""The pattern is stored as the FFT leaves it (failure signature 53)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _unshifted(transform: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda exit_wave: np.asarray(np.fft.ifftshift(transform(exit_wave), axes=(-2, -1)))


FAULT = Fault(
    id="pattern-not-shifted",
    stage="simulate",
    story="fftshift was forgotten: zero frequency lies in the corner",
    patches=(Patch("ptyspec.physics.diffraction:far_field", _unshifted),),
    red=("FORWARD-002", "LOSS-007", "ITERATIVE-002"),
    green=("FORWARD-001", "FORWARD-003", "FORWARD-006", "SCALE-002"),
    signatures=(53,),
)
