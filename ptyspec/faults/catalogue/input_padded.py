"""The exit wave is padded to 2N, and the middle N of the pattern is kept (failure signature 53)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _padded(transform: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def wrong(exit_wave: Array) -> Array:
        half = exit_wave.shape[-1] // 2
        frame = [(0, 0)] * (exit_wave.ndim - 2) + [(half, half)] * 2
        return transform(np.pad(exit_wave, frame))[..., half:-half, half:-half]

    return wrong


FAULT = Fault(
    id="input-padded",
    stage="simulate",
    story="the exit wave is padded before the transform, as a page of the upstream specification asks",
    patches=(Patch("ptyspec.physics.diffraction:far_field", _padded),),
    red=("FORWARD-003", "FORWARD-001", "FORWARD-002"),
    green=("FORWARD-006", "PHASE-001", "PROBE-003"),
    signatures=(53,),
)
