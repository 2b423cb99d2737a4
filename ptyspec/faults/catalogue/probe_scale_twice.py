"""The probe is divided by probe_scale a second time (failure signature 34)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _twice(normalise: Callable[[Array, float], Array]) -> Callable[[Array, float], Array]:
    def wrong(probe: Array, probe_scale: float) -> Array:
        return np.asarray(normalise(probe, probe_scale) / probe_scale, np.complex64)

    return wrong


FAULT = Fault(
    id="probe-scale-twice",
    stage="simulate",
    story="probe_scale is applied twice: a factor of its fourth power in intensity between two probes",
    patches=(Patch("ptyspec.physics.probes:normalise", _twice),),
    red=("PROBE-001", "SCALE-003", "PROBE-006"),
    green=("PROBE-005", "PROBE-003", "SCALE-002"),
    signatures=(34,),
)
