"""Every group is merged with a trace of the whole batch (failure signature 47)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _levelled(merge: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(patches: Array, *rest: Any, **more: Any) -> Array:
        level = np.abs(patches).mean() / np.abs(patches[:1]).mean()
        return merge(patches / level, *rest, **more)

    return wrong


FAULT = Fault(
    id="batch-normalised-merge",
    stage="infer",
    story="patches are divided by the mean of their batch, and multiplied by that of the first group",
    patches=(Patch("ptyspec.physics.merge:merge_group", _levelled),),
    red=("INFER-001", "REASSEMBLY-BATCH-001"),
    green=("MERGE-004", "CANVAS-003", "COORDS-003"),
    signatures=(47,),
)
