"""The last member of a group is merged by another factor, as if it were the corner of a lattice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _brighter(merge: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(patches: Array, *rest: Any, **more: Any) -> Array:
        factors = np.ones(patches.shape[-1])
        factors[1:][-1:] = 1.2
        return merge(patches * factors, *rest, **more)

    return wrong


FAULT = Fault(
    id="last-member-brighter",
    stage="infer",
    story="what a member says depends on its place in the group",
    patches=(Patch("ptyspec.physics.merge:merge_group", _brighter),),
    red=("MERGE-004", "GROUP-009"),
    green=("CANVAS-003", "COORDS-003"),
)
