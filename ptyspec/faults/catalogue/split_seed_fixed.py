"""The random split draws with a number from the code (failure signature 10)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Halves


def _always_42(split: Callable[..., Halves]) -> Callable[..., Halves]:
    def wrong(scenario: Scenario, scan: RawScan) -> Halves:
        seeds = scenario.seeds.model_copy(update={"split": 42})
        return split(scenario.model_copy(update={"seeds": seeds}), scan)

    return wrong


FAULT = Fault(
    id="split-seed-fixed",
    stage="split",
    story="the random split is drawn with 42, whatever seed is declared",
    patches=(Patch("ptyspec.pipeline.split:split", _always_42),),
    red=("DET-002",),
    green=("SPLIT-001", "SPLIT-003", "SPLIT-005"),
    signatures=(10,),
)
