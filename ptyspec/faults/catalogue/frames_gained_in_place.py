"""Normalisation applies its gain to the frames where they lie."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Containers, GroupedHalves


def _in_place(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Scenario, groups: GroupedHalves) -> Containers:
        made = normalize(scenario, groups)
        frames = groups.train.scan.diff3d
        frames *= made.train.gain
        return made

    return wrong


FAULT = Fault(
    id="frames-gained-in-place",
    stage="normalize",
    story="the frames of the scan are multiplied by g in place",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _in_place),),
    red=("NORM-001", "NORM-006", "FLOW-004"),
    green=("NORM-005", "NORMALIZATION-001"),
    signatures=(31,),
)
