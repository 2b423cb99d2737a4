"""The test split takes a gain of its own (failure signature 24)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Containers, GroupedHalves


def _own(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Scenario, groups: GroupedHalves) -> Containers:
        made = normalize(scenario, groups)
        own = normalize(scenario, GroupedHalves(groups.test, groups.test)).train.gain
        return Containers(made.train, made.test.model_copy(update={"gain": own}))

    return wrong


FAULT = Fault(
    id="test-gain-own",
    stage="normalize",
    story="each split is brought to (N/2)^2 by its own mean energy",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _own),),
    red=("NORM-002", "NORM-001"),
    green=("NORM-005", "NORMALIZATION-001", "NORM-006"),
    signatures=(24,),
)
