"""A stage corrects the settings that it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch


def _correcting(split: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Scenario, scan: Any) -> Any:
        made = split(scenario, scan)
        scenario.scan.__dict__["n_images"] = made.train.size
        return made

    return wrong


FAULT = Fault(
    id="settings-corrected",
    stage="settings",
    story="the split writes the number of its training frames into the scenario",
    patches=(Patch("ptyspec.pipeline.split:split", _correcting),),
    red=("CONFIG-010",),
    green=("FLOW-001", "FLOW-003", "SPLIT-001"),
)
