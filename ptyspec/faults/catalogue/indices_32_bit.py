"""Group indices are 32-bit, as the platform's default once was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.scan import GroupedScan
from ptyspec.faults.fault import Fault, Patch


def _narrow(with_offsets: Callable[..., GroupedScan]) -> Callable[..., GroupedScan]:
    def wrong(*args: Any, **kwargs: Any) -> GroupedScan:
        made = with_offsets(*args, **kwargs)
        return made.model_copy(update={"nn_indices": made.nn_indices.astype("int32")})

    return wrong


FAULT = Fault(
    id="indices-32-bit",
    stage="group",
    story="group indices are int32",
    patches=(Patch("ptyspec.pipeline.group:with_offsets", _narrow),),
    red=("GROUP-001",),
    green=("COORDS-003", "SPLIT-002", "GROUP-008"),
    signatures=(30,),
)
