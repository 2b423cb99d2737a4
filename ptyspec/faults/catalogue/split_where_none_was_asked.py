"""Without a split half of the scan is held out all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _always(split: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Any, scan: Any) -> Any:
        if scenario.split.kind == "none":
            spatial = scenario.split.model_copy(update={"kind": "spatial"})
            scenario = scenario.model_copy(update={"split": spatial})
        return split(scenario, scan)

    return wrong


FAULT = Fault(
    id="split-where-none-was-asked",
    stage="split",
    story="split.kind none is taken for the default",
    patches=(Patch("ptyspec.pipeline.split:split", _always),),
    red=("SPLIT-004",),
    green=("SPLIT-001", "SPLIT-003", "SPLIT-006"),
)
