"""Positions are read as (y, x) (failure signature 17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch

OTHER = str.maketrans("xy", "yx")


def _swapped(positions: Callable[..., dict[str, Array]]) -> Callable[..., dict[str, Array]]:
    def wrong(own: Any) -> dict[str, Array]:
        return {key[0].translate(OTHER) + key[1:]: values for key, values in positions(own).items()}

    return wrong


FAULT = Fault(
    id="xy-swapped-on-reading",
    stage="files",
    story="x and y change places between file and scan",
    patches=(Patch("ptyspec.files.npz:_Reading._positions", _swapped),),
    red=("FILE-001", "FILE-003", "COORDS-002"),
    green=("FORMAT-001", "FILE-002", "DATA-004"),
    signatures=(17,),
)
