"""A probe without light near its centre is normalised by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _any(normalised: Callable[[Array, float], Array]) -> Callable[[Array, float], Array]:
    def wrong(probe: Array, probe_scale: float) -> Array:
        from ptyspec.errors import ProbeError

        try:
            return normalised(probe, probe_scale)
        except ProbeError:
            return np.asarray(probe / probe_scale)

    return wrong


FAULT = Fault(
    id="dark-probe-accepted",
    stage="simulate",
    story="a mean of zero is taken for one",
    patches=(Patch("ptyspec.physics.probes:_normalised", _any),),
    red=("PROBE-004",),
    green=("PROBE-001", "PROBE-002", "PROBE-006"),
)
