"""The gain multiplies what the loss compares with: normalising was applied to the data themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _gained(amplitude: Callable[..., Array]) -> Callable[..., Array]:
    return lambda container, rows: np.asarray(
        np.float32(container.gain) * amplitude(container, rows)
    )


FAULT = Fault(
    id="gain-in-the-loss",
    stage="normalize",
    story="the amplitudes of the loss are g X, and the network's input g^2 X",
    patches=(Patch("ptyspec.contracts.container:Container.amplitude", _gained),),
    red=("NORMALIZATION-001", "NORM-006"),
    green=("NORM-002", "LEGACY-006"),
    signatures=(31, 45),
)
