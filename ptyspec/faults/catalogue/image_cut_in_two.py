"""A split by image goes by the number of frames and cuts an image in two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.scan import RawScan
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Halves


def _by_count(by_image: Callable[..., Halves]) -> Callable[..., Halves]:
    def wrong(scan: RawScan, images_train: int) -> Halves:
        made = by_image(scan, images_train)
        count = max(1, min(scan.size - 1, made.train.size - 1))
        return Halves(scan.take(np.arange(count)), scan.take(np.arange(count, scan.size)))

    return wrong


FAULT = Fault(
    id="image-cut-in-two",
    stage="split",
    story="the first half of the frames trains, whatever image they are of",
    patches=(Patch("ptyspec.pipeline.split:_by_image", _by_count),),
    red=("SPLIT-006", "SPLIT-005", "SPLIT-002"),
    green=("SPLIT-003", "SPLIT-004"),
)
