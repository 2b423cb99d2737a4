"""Members of a group are placed at plus their relative offsets (failure signature 18)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _flipped(placement: Callable[..., tuple[Array, Array]]) -> Callable[..., tuple[Array, Array]]:
    def wrong(
        relative: Array, size: int, canvas: int, kind: str = "lanczos"
    ) -> tuple[Array, Array]:
        return placement(-relative, size, canvas, kind)

    return wrong


FAULT = Fault(
    id="merge-sign-flipped",
    stage="infer",
    story="merge and extraction both take the relative offsets by the wrong sign",
    patches=(Patch("ptyspec.physics.merge:placement", _flipped),),
    red=("MERGE-003", "MERGE-001", "COORDS-004"),
    green=("MERGE-002", "MERGE-004", "GROUP-009"),
    signatures=(18,),
)
