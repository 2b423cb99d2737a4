"""The declared share of the split is taken for the other part."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Halves


def _other_part(split: Callable[..., Halves]) -> Callable[..., Halves]:
    def wrong(scenario: Scenario, scan: RawScan) -> Halves:
        share = scenario.split.model_copy(update={"fraction": 1.0 - scenario.split.fraction})
        return split(scenario.model_copy(update={"split": share}), scan)

    return wrong


FAULT = Fault(
    id="fraction-of-test",
    stage="split",
    story="split.fraction is the share that tests",
    patches=(Patch("ptyspec.pipeline.split:split", _other_part),),
    red=("SPLIT-001",),
    green=("SPLIT-003", "SPLIT-004", "SPLIT-005", "SPLIT-006"),
)
