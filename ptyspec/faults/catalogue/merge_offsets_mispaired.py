"""A gather by the wrong stride pairs patches with the offsets of other groups (failure signature 49)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _mispaired(placement: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(relative: Array, *rest: Any, **more: Any) -> Any:
        groups, _, axes, members = relative.shape
        read = relative[:, 0].transpose(2, 0, 1).reshape(groups, members, axes)
        return placement(np.moveaxis(read, 1, 2)[:, None], *rest, **more)

    return wrong


FAULT = Fault(
    id="merge-offsets-mispaired",
    stage="infer",
    story="group b, member c moves by the offset of another group and member",
    patches=(Patch("ptyspec.physics.merge:placement", _mispaired),),
    red=("MERGE-001",),
    green=("CANVAS-003", "COORDS-003"),
    signatures=(49,),
)
