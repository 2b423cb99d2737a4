"""Groups use the nominal positions; the jitter is lost (failure signature 19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.faults.fault import Fault, Patch


def _nominal(with_offsets: Callable[..., GroupedScan]) -> Callable[..., GroupedScan]:
    def wrong(scan: RawScan, indices: Array, *args: Any, **kwargs: Any) -> GroupedScan:
        asked = scan.model_copy(
            update={"xcoords": scan.xcoords_start, "ycoords": scan.ycoords_start}
        )
        return with_offsets(asked, indices, *args, **kwargs).model_copy(update={"scan": scan})

    return wrong


FAULT = Fault(
    id="nominal-positions",
    stage="group",
    story="the groups' coordinates are those that were asked for, not those that were reached",
    patches=(Patch("ptyspec.pipeline.group:with_offsets", _nominal),),
    red=("TF-LOADER-COORDS-001",),
    green=("COORDS-001", "COORDS-003", "GROUP-001", "SPLIT-002"),
    signatures=(19,),
)
