"""Only the central half of a patch is predicted, with zeros around it (failure signature 52)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _wrong(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def wrong(layer: Any, measured: Any, relative: Any, start: Any) -> Any:
        side, border = layer.forward.size, layer.border
        inner = np.pad(np.ones((side - 2 * border,) * 2, np.float32), border)
        return [stage.times(inner) for stage in call(layer, measured, relative, start)]

    return wrong


FAULT = Fault(
    id="centre-alone-predicted",
    stage="infer",
    story="the light of the probe outside the centre falls on nothing",
    patches=(Patch("ptyspec.networks.generators.cnn:DirectCnn.call", _wrong),),
    red=("NET-010",),
    green=("HEAD-004", "NET-011"),
    cost="parity",
    signatures=(52,),
    cases=(
        "test_the_exit_wave_holds_the_light_outside_the_central_half[cnn",
        "test_the_phase_head_reaches",
        "test_no_product",
    ),
)
