"""Frames in (H, W, M) order are reshaped, not turned (failure signature 13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _reshaped(frames: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(own: Any, key: str, count: int) -> Array:
        read = frames(own, key, count)
        stored = own.archive.header(key).shape
        if own.canonical or read.shape == stored:
            return read
        return np.ascontiguousarray(own.archive.read(key)).reshape(read.shape)

    return wrong


FAULT = Fault(
    id="frame-order-unread",
    stage="files",
    story="the axes get the right lengths by a reshape, which mixes all frames",
    patches=(Patch("ptyspec.files.npz:_Reading._frames", _reshaped),),
    red=("FORMAT-001",),
    green=("FILE-001", "FILE-003", "DATA-004"),
    signatures=(13,),
)
