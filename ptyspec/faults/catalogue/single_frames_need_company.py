"""Stitching refuses what is perfectly well defined: groups of one frame (failure signature 75)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _grouped_only(stitch: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(patches: Any, **options: Any) -> Any:
        if patches.object.shape[-1] == 1:
            raise ValueError("stitching needs overlapping members")
        return stitch(patches, **options)

    return wrong


FAULT = Fault(
    id="single-frames-need-company",
    stage="stitch",
    story="a helper written for groups asks for an overlap that gridsize 1 does not have",
    patches=(Patch("ptyspec.physics.stitch:stitch", _grouped_only),),
    red=("STITCH-GRIDSIZE-001",),
    green=("MERGE-001", "MERGE-002", "COORDS-003"),
    signatures=(75,),
)
