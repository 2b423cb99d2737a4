"""The prediction is in the unit of the gained input and the measurement is not (failure signature 42)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _wrong(deviance: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(predicted: Array, measured: Array, background: float) -> Array:
        return deviance(0.56 * predicted, measured, background)

    return wrong


FAULT = Fault(
    id="likelihood-in-two-gauges",
    stage="train",
    story="at the truth the loss still pulls the scale",
    patches=(Patch("ptyspec.physics.scale:poisson_deviance", _wrong),),
    red=("LOSS-001", "POISSON-LADDER-001"),
    green=("FORWARD-001", "NORM-005"),
    signatures=(36, 42),
)
