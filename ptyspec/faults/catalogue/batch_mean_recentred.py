"""Offsets are taken from the mean of the whole batch, not of each group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.scan import GroupedScan
from ptyspec.faults.fault import Fault, Patch


def _recentred(with_offsets: Callable[..., GroupedScan]) -> Callable[..., GroupedScan]:
    def wrong(*args: Any, **kwargs: Any) -> GroupedScan:
        made = with_offsets(*args, **kwargs)
        mean = np.broadcast_to(
            made.coords.mean(axis=(0, 3), keepdims=True), made.coords_offsets.shape
        )
        return made.model_copy(
            update={"coords_offsets": mean, "coords_relative": mean - made.coords}
        )

    return wrong


FAULT = Fault(
    id="batch-mean-recentred",
    stage="group",
    story="all groups are recentred by the mean position of all of them",
    patches=(Patch("ptyspec.pipeline.group:with_offsets", _recentred),),
    red=("COORDS-003", "COORDS-002"),
    green=("GROUP-001", "SPLIT-002", "GROUP-008", "BUG-TF-001"),
    signatures=(63,),
)
