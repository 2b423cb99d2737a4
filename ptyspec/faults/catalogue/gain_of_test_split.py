"""The gain is taken from the split that is reconstructed, and training uses it too (failure signature 24)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Containers, GroupedHalves


def _of_test(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Scenario, groups: GroupedHalves) -> Containers:
        made = normalize(scenario, groups)
        other = normalize(scenario, GroupedHalves(groups.test, groups.train)).train
        numbers = {"gain": other.gain, "a0": other.a0}
        return Containers(
            made.train.model_copy(update=numbers), made.test.model_copy(update=numbers)
        )

    return wrong


FAULT = Fault(
    id="gain-of-test-split",
    stage="normalize",
    story="gain and a0 of both splits are those of the test split",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _of_test),),
    red=("NORM-002", "NORM-006"),
    green=("NORM-005", "NORMALIZATION-001", "LEGACY-006"),
    signatures=(24,),
)
