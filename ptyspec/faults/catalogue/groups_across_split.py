"""Test groups are formed from the training frames (failure signature 25)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch
from ptyspec.pipeline.protocol import Halves


def _leaking(group: Callable[..., Any]) -> Callable[..., Any]:
    return lambda scenario, halves: group(scenario, Halves(halves.train, halves.train))


FAULT = Fault(
    id="groups-across-split",
    stage="group",
    story="both parts are grouped in the training frames",
    patches=(Patch("ptyspec.pipeline.group:group", _leaking),),
    red=("SPLIT-002", "SPLIT-001"),
    green=("GROUP-004", "GROUP-008", "BUG-TF-001"),
    signatures=(25,),
)
