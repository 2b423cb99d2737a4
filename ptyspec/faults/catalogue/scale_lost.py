"""The scale of the data is not handed on (failure signature 7)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Containers, GroupedHalves


def _lost(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Scenario, groups: GroupedHalves) -> Containers:
        made = normalize(scenario, groups)
        return Containers(
            *(part.model_copy(update={"scale": 1.0}) for part in (made.train, made.test))
        )

    return wrong


FAULT = Fault(
    id="scale-lost",
    stage="normalize",
    story="containers have scale 1 whatever the scan's is",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _lost),),
    red=("NORM-002", "LEGACY-006"),
    green=("NORM-005", "NORM-006", "NORMALIZATION-001"),
    signatures=(7,),
)
