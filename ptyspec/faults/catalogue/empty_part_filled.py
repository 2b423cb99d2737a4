"""A share that leaves a part empty is bent until it does not."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Halves


def _bent(split: Callable[..., Halves]) -> Callable[..., Halves]:
    def wrong(scenario: Scenario, scan: RawScan) -> Halves:
        count = round(scenario.split.fraction * scan.size)
        if scenario.split.kind in ("none", "image") or 0 < count < scan.size or scan.size < 2:
            return split(scenario, scan)
        count = min(max(count, 1), scan.size - 1)
        share = scenario.split.model_copy(update={"fraction": count / scan.size})
        return split(scenario.model_copy(update={"split": share}), scan)

    return wrong


FAULT = Fault(
    id="empty-part-filled",
    stage="split",
    story="a part that would be empty gets one frame of the other, without a word",
    patches=(Patch("ptyspec.pipeline.split:split", _bent),),
    red=("SPLIT-005", "FLOW-005"),
    green=("SPLIT-001", "SPLIT-004", "SPLIT-006"),
)
