"""The background stands on the prediction alone and moves the optimum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _wrong(deviance: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(predicted: Array, measured: Array, background: float) -> Array:
        rate = predicted + background
        return np.asarray(rate - measured - measured * np.log(rate / np.maximum(measured, 1e-30)))

    return wrong


FAULT = Fault(
    id="background-on-one-side",
    stage="train",
    story="the loss is least for an object that is too dark",
    patches=(Patch("ptyspec.physics.scale:poisson_deviance", _wrong),),
    red=("LOSS-003", "LOSS-001"),
    green=("FORWARD-001", "NORM-005"),
)
