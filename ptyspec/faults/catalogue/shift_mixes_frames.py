"""The shift of the pattern acts on the axis of the frames too (failure signature 47)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _over_all_axes(transform: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def wrong(exit_wave: Array) -> Array:
        field = transform(exit_wave)
        return np.asarray(np.fft.fftshift(field, axes=tuple(range(field.ndim - 2))))

    return wrong


FAULT = Fault(
    id="shift-mixes-frames",
    stage="simulate",
    story="fftshift without axes: half of the frames change places with the others",
    patches=(Patch("ptyspec.physics.diffraction:far_field", _over_all_axes),),
    red=("FORWARD-006", "FORWARD-001"),
    green=("FORWARD-002", "FORWARD-003", "SCALE-002"),
    signatures=(47,),
)
