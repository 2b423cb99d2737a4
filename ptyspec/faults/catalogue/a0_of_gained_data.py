"""The rms amplitude is that of the normalised data."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Containers, GroupedHalves


def _gained(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Scenario, groups: GroupedHalves) -> Containers:
        made = normalize(scenario, groups)
        a0 = made.train.a0 * made.train.gain
        return Containers(*(part.model_copy(update={"a0": a0}) for part in (made.train, made.test)))

    return wrong


FAULT = Fault(
    id="a0-of-gained-data",
    stage="normalize",
    story="a0 is computed from g X and so holds the gain",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _gained),),
    red=("NORM-002",),
    green=("NORM-005", "NORM-006", "LEGACY-006"),
    signatures=(32,),
)
