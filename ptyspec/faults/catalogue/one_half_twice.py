"""One part of the split is used twice: the network is tested on what it was trained on."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Halves


def _twice(split: Callable[..., Halves]) -> Callable[..., Halves]:
    def wrong(scenario: Scenario, scan: RawScan) -> Halves:
        made = split(scenario, scan)
        return Halves(made.train, made.train)

    return wrong


FAULT = Fault(
    id="one-half-twice",
    stage="split",
    story="both parts are the training frames",
    patches=(Patch("ptyspec.pipeline.split:split", _twice),),
    red=("SPLIT-001", "SPLIT-003", "SPLIT-006", "SPLIT-002"),
    green=("SPLIT-004", "SPLIT-005"),
    signatures=(25,),
)
