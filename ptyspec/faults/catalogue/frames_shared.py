"""Training and test share frames: the parts overlap by a few (failure signature 25)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Halves


def _overlapping(split: Callable[..., Halves]) -> Callable[..., Halves]:
    def wrong(scenario: Scenario, scan: RawScan) -> Halves:
        made = split(scenario, scan)
        if scenario.split.kind not in ("spatial", "random"):
            return made
        rows = split(scenario, scan.model_copy(update={"scan_index": np.arange(scan.size)}))
        last = rows.train.scan_index[-max(1, scan.size // 20) :]
        return Halves(made.train, scan.take(np.union1d(last, rows.test.scan_index)))

    return wrong


FAULT = Fault(
    id="frames-shared",
    stage="split",
    story="the test part starts a few frames before the training part ends",
    patches=(Patch("ptyspec.pipeline.split:split", _overlapping),),
    red=("SPLIT-001", "SPLIT-003"),
    green=("SPLIT-004", "SPLIT-005", "SPLIT-006", "GROUP-004"),
    signatures=(25,),
)
