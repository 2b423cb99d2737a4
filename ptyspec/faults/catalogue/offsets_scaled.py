"""Relative offsets are in another unit than the object pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.scan import GroupedScan
from ptyspec.faults.fault import Fault, Patch


def _scaled(with_offsets: Callable[..., GroupedScan]) -> Callable[..., GroupedScan]:
    def wrong(*args: Any, **kwargs: Any) -> GroupedScan:
        made = with_offsets(*args, **kwargs)
        return made.model_copy(update={"coords_relative": made.coords_relative / made.C**0.5})

    return wrong


FAULT = Fault(
    id="offsets-scaled",
    stage="group",
    story="relative offsets are divided by the number of frames in a row of the group",
    patches=(Patch("ptyspec.pipeline.group:with_offsets", _scaled),),
    red=("COORDS-003", "GROUP-001", "COORDS-004", "COORDS-002"),
    green=("COORDS-001", "TF-LOADER-COORDS-001", "SPLIT-002", "GROUP-008"),
    signatures=(18,),
)
