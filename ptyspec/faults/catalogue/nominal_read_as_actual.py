"""Nominal positions are read as the actual ones (failure signature 19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _nominal(positions: Callable[..., dict[str, Array]]) -> Callable[..., dict[str, Array]]:
    def wrong(own: Any) -> dict[str, Array]:
        found = positions(own)
        return found | {
            f"{axis}coords": found.get(f"{axis}coords_start", found[f"{axis}coords"])
            for axis in "xy"
        }

    return wrong


FAULT = Fault(
    id="nominal-read-as-actual",
    stage="files",
    story="xcoords_start and ycoords_start are taken for the positions where both are stored",
    patches=(Patch("ptyspec.files.npz:_Reading._positions", _nominal),),
    red=("FILE-001", "FILE-003", "TF-LOADER-COORDS-001"),
    green=("FORMAT-001", "FILE-002", "COORDS-002"),
    signatures=(19,),
)
