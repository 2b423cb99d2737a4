"""Members are the very nearest neighbours: K has no effect."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _preferring(draw: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(seeds: Array, nearest: Array, members: int, draws: np.random.Generator) -> Array:
        keys = draws.random((len(seeds), nearest.shape[1])) + 0.1 * np.arange(nearest.shape[1])
        chosen = np.argsort(keys, axis=1)[:, : members - 1]
        return np.concatenate(
            [seeds[:, None], np.take_along_axis(nearest[seeds], chosen, axis=1)], axis=1
        )

    return wrong


FAULT = Fault(
    id="nearest-preferred",
    stage="group",
    story="the C - 1 nearest neighbours are taken instead of a draw among K",
    patches=(Patch("ptyspec.pipeline.group:_members", _preferring),),
    red=("GROUP-007",),
    green=("GROUP-002", "GROUP-003", "GROUP-006"),
)
