"""Counts of a file are taken for amplitudes (failure signature 14)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _as_stored(amplitude: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(frames: Array, kind: str, scale: float, name: str, source: str) -> Array:
        read = amplitude(frames, kind, scale, name, source)  # refuses what is no number
        return read if kind == "amplitude" else np.asarray(frames, np.float32)

    return wrong


FAULT = Fault(
    id="counts-not-rooted",
    stage="files",
    story="the declared kind is read and then forgotten: counts are stored as X",
    patches=(Patch("ptyspec.files.measurement:amplitude_of", _as_stored),),
    red=("DATA-006", "DATA-004", "NORMALIZE-DATA-UINT16-001"),
    green=("FILE-001", "FORMAT-001", "CXI-002"),
    signatures=(14,),
)
