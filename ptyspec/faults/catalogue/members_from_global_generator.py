"""Members are drawn from numpy's global generator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _global(draw: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(seeds: Array, nearest: Array, members: int, draws: np.random.Generator) -> Array:
        other = np.random.default_rng(int(vars(np.random)["randint"](2**31 - 1)))
        return draw(seeds, nearest, members, other)

    return wrong


FAULT = Fault(
    id="members-from-global-generator",
    stage="group",
    story="the choice among neighbours reads the global random state",
    patches=(Patch("ptyspec.pipeline.group:_members", _global),),
    red=("GROUP-008", "DET-003"),
    green=("GROUP-002", "GROUP-003", "GROUP-007", "GROUP-010"),
    signatures=(10, 76),
)
