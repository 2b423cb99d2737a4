"""The gain is computed from counts: it depends on the dose and the input with it."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Containers, GroupedHalves


def _counted(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Scenario, groups: GroupedHalves) -> Containers:
        made = normalize(scenario, groups)
        gain = made.train.gain / made.train.scale
        return Containers(
            *(part.model_copy(update={"gain": gain}) for part in (made.train, made.test))
        )

    return wrong


FAULT = Fault(
    id="gain-from-counts",
    stage="normalize",
    story="the mean energy is that of s X, the gain is applied to X",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _counted),),
    red=("NORM-006", "NORM-001"),
    green=("NORM-005", "NORMALIZATION-001"),
    signatures=(14, 39),
)
