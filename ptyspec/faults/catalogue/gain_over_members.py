"""Energies are summed over the members of a group (failure signature 43)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Containers, GroupedHalves


def _summed(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Scenario, groups: GroupedHalves) -> Containers:
        made = normalize(scenario, groups)
        gain = made.train.gain / groups.train.C**0.5
        return Containers(
            *(part.model_copy(update={"gain": gain}) for part in (made.train, made.test))
        )

    return wrong


FAULT = Fault(
    id="gain-over-members",
    stage="normalize",
    story="the energy of a group of C frames is taken for that of one",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _summed),),
    red=("NORM-005", "NORM-001"),
    green=("NORMALIZATION-001", "LEGACY-006"),
    signatures=(43,),
)
