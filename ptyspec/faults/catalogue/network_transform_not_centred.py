"""The transform of the training form is not centred (failure signature 53)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _wrong(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def wrong(model: Any, probe: Any, *rest: Any, **more: Any) -> None:
        init(model, probe, *rest, **more)
        kept = np.asarray(probe, np.complex64)
        model.probe = type(model.probe)(kept.real.copy(), kept.imag.copy())

    return wrong


FAULT = Fault(
    id="network-transform-not-centred",
    stage="train",
    story="predictions lie in the corners and measurements in the middle",
    patches=(Patch("ptyspec.networks.forward:ForwardModel.__init__", _wrong),),
    red=("FORWARD-005",),
    green=("MATH-POLAR-001", "HEAD-003"),
    cost="parity",
    signatures=(53,),
    cases=("test_the_predicted_intensity_is_that_of_the_simulator", "test_the_heads_themselves"),
)
