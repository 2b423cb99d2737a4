"""The canvas inside the model is sized from absolute positions (failure signature 63)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _absolute(side: Callable[..., int]) -> Callable[..., int]:
    def wrong(scenario: Any, containers: Any) -> int:
        least = side(scenario, containers)
        offsets = [part.groups.coords_offsets for part in (containers.train, containers.test)]
        whole = scenario.model.N + 2 * math.ceil(max(float(np.abs(part).max()) for part in offsets))
        return least if scenario.model.canvas or least == scenario.model.N else whole

    return wrong


FAULT = Fault(
    id="canvas-from-absolute-offsets",
    stage="train",
    story="the canvas holds the scan where it should hold a group",
    patches=(Patch("ptyspec.pipeline.train:canvas_side", _absolute),),
    red=("CANVAS-001",),
    green=("CANVAS-003",),
    cost="parity",
    signatures=(63,),
)
