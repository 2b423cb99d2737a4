"""Groups are drawn from the neighbours alone: the seed frame is not among them (failure signature 22)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _without_seed(draw: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(seeds: Array, nearest: Array, members: int, draws: np.random.Generator) -> Array:
        if nearest.shape[1] < members:
            return draw(seeds, nearest, members, draws)
        return draw(seeds, nearest, members + 1, draws)[:, 1:]

    return wrong


FAULT = Fault(
    id="seed-frame-absent",
    stage="group",
    story="all members of a group are drawn from the seed's neighbours",
    patches=(Patch("ptyspec.pipeline.group:_members", _without_seed),),
    red=("GROUP-002", "GROUP-003", "GROUP-006"),
    green=("GROUP-008", "GROUP-010", "SPLIT-002", "BUG-TF-001"),
    signatures=(22,),
)
