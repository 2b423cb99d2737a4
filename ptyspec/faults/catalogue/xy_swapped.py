"""Groups hold (row, column) where the contract says [x, y] (failure signature 17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.scan import GroupedScan
from ptyspec.faults.fault import Fault, Patch


def _swapped(with_offsets: Callable[..., GroupedScan]) -> Callable[..., GroupedScan]:
    def wrong(*args: Any, **kwargs: Any) -> GroupedScan:
        made = with_offsets(*args, **kwargs)
        both = ("coords_offsets", "coords_relative")
        return made.model_copy(update={name: getattr(made, name)[:, :, ::-1] for name in both})

    return wrong


FAULT = Fault(
    id="xy-swapped",
    stage="group",
    story="the groups' coordinates are (y, x)",
    patches=(Patch("ptyspec.pipeline.group:with_offsets", _swapped),),
    red=("COORDS-001", "COORDS-003", "GROUP-001", "COORDS-002"),
    green=("BUG-TF-001", "SPLIT-002", "GROUP-008", "GROUP-010"),
    signatures=(17,),
)
