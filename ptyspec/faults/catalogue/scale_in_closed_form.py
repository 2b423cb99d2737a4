"""The closed form stands in for the scale of the data (failure signature 44)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Containers, GroupedHalves


def _closed(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Scenario, groups: GroupedHalves) -> Containers:
        from ptyspec.physics.scale import closed_form_scale

        made = normalize(scenario, groups)
        scale = closed_form_scale(scenario.dose.nphotons, groups.train.scan.N)
        return Containers(
            *(part.model_copy(update={"scale": scale}) for part in (made.train, made.test))
        )

    return wrong


FAULT = Fault(
    id="scale-in-closed-form",
    stage="normalize",
    story="the scale is sqrt(nphotons)/(N/2) whatever the energy of the data",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _closed),),
    red=("NORM-002", "LEGACY-006"),
    green=("NORM-005", "NORM-006", "NORMALIZATION-001"),
    signatures=(35, 44),
)
