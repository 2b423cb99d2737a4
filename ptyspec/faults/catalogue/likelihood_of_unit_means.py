"""The likelihood is taken between patterns of unit mean (failure signature 36)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _wrong(deviance: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(predicted: Array, measured: Array, background: float) -> Array:
        return deviance(predicted / np.mean(predicted), measured / np.mean(measured), background)

    return wrong


FAULT = Fault(
    id="likelihood-of-unit-means",
    stage="train",
    story="normalised units: no scale of the object can change the loss",
    patches=(Patch("ptyspec.physics.scale:poisson_deviance", _wrong),),
    red=("POISSON-LADDER-001", "LOSS-001"),
    green=("FORWARD-001", "NORM-005"),
    signatures=(36,),
)
