"""The spatial split goes by the order in the file, not by place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Halves


def _by_index(split: Callable[..., Halves]) -> Callable[..., Halves]:
    def wrong(scenario: Scenario, scan: RawScan) -> Halves:
        made = split(scenario, scan)
        if scenario.split.kind != "spatial":
            return made
        return Halves(
            scan.take(np.arange(made.train.size)), scan.take(np.arange(made.train.size, scan.size))
        )

    return wrong


FAULT = Fault(
    id="split-by-index",
    stage="split",
    story="the first frames of the file train and the later ones test, wherever they lie",
    patches=(Patch("ptyspec.pipeline.split:split", _by_index),),
    red=("SPLIT-003",),
    green=("SPLIT-001", "SPLIT-005", "SPLIT-006"),
    signatures=(25,),
)
