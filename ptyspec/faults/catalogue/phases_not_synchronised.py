"""Free phases of groups are averaged as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.faults.fault import Fault, Patch


def _unsynchronised(stitch: Callable[..., Reconstruction]) -> Callable[..., Reconstruction]:
    def wrong(patches: Patches, **settings: Any) -> Reconstruction:
        return stitch(patches, **(settings | {"synchronise": False}))

    return wrong


FAULT = Fault(
    id="phases-not-synchronised",
    stage="stitch",
    story="patches are averaged without bringing their phases to a common value",
    patches=(Patch("ptyspec.physics.stitch:stitch", _unsynchronised),),
    red=("STITCH-006",),
    green=("STITCH-005", "STITCH-002", "STITCH-008"),
)
