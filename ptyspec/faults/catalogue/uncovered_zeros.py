"""Pixels without light are zero (failure signature 59)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.container import Reconstruction
from ptyspec.faults.fault import Fault, Patch


def _zeros(finish: Callable[..., Reconstruction]) -> Callable[..., Reconstruction]:
    def wrong(*parts: Any) -> Reconstruction:
        made = finish(*parts)
        return made.model_copy(update={"object": np.nan_to_num(made.object)})

    return wrong


FAULT = Fault(
    id="uncovered-zeros",
    stage="stitch",
    story="uncovered pixels look like an opaque object",
    patches=(Patch("ptyspec.physics.stitch:finish", _zeros),),
    red=("STITCH-003", "STITCH-GRIDSIZE-001", "REASSEMBLY-METRIC-FRAME-001"),
    green=("STITCH-002", "BASELINE-OFFSET-001", "STITCH-007"),
    signatures=(59, 77),
)
