"""Relative offsets have the opposite sign (failure signature 18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.scan import GroupedScan
from ptyspec.faults.fault import Fault, Patch


def _flipped(with_offsets: Callable[..., GroupedScan]) -> Callable[..., GroupedScan]:
    def wrong(*args: Any, **kwargs: Any) -> GroupedScan:
        made = with_offsets(*args, **kwargs)
        return made.model_copy(update={"coords_relative": -made.coords_relative})

    return wrong


FAULT = Fault(
    id="sign-flipped",
    stage="group",
    story="relative coordinates are plus the way from the mean",
    patches=(Patch("ptyspec.pipeline.group:with_offsets", _flipped),),
    red=("COORDS-003", "GROUP-001", "COORDS-004", "COORDS-002"),
    green=("COORDS-001", "TF-LOADER-COORDS-001", "SPLIT-002", "GROUP-008"),
    signatures=(18,),
)
