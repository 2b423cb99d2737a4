"""The logarithm has no background under it: a dark prediction costs infinity (failure signature 37)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _wrong(deviance: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(predicted: Array, measured: Array, background: float) -> Array:
        return deviance(predicted, measured, 0.0)

    return wrong


FAULT = Fault(
    id="logarithm-of-zero",
    stage="train",
    story="log 0, and every gradient of that step is lost",
    patches=(Patch("ptyspec.physics.scale:poisson_deviance", _wrong),),
    red=("LOSS-002",),
    green=("LOSS-001", "FORWARD-001", "NORM-005"),
    signatures=(37,),
)
