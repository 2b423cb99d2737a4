"""Every pixel of a patch has the same vote (failure signatures 50 and 73)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.faults.fault import Fault, Patch


def _unweighted(stitch: Callable[..., Reconstruction]) -> Callable[..., Reconstruction]:
    def wrong(patches: Patches, **settings: Any) -> Reconstruction:
        return stitch(patches.model_copy(update={"probe": np.ones_like(patches.probe)}), **settings)

    return wrong


FAULT = Fault(
    id="stitch-unweighted",
    stage="stitch",
    story="patches are averaged without |P|^2, so that guesses in the dark count in full",
    patches=(Patch("ptyspec.physics.stitch:stitch", _unweighted),),
    red=("STITCH-004", "STITCH-007", "STITCH-002"),
    green=("STITCH-001", "STITCH-008", "STITCH-GRIDSIZE-001"),
    signatures=(50, 73),
)
