"""Groups are drawn with a number from the code (failure signatures 10 and 76)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch


def _always_42(group: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Scenario, halves: Any) -> Any:
        seeds = scenario.seeds.model_copy(update={"grouping": 42})
        return group(scenario.model_copy(update={"seeds": seeds}), halves)

    return wrong


FAULT = Fault(
    id="grouping-seed-fixed",
    stage="group",
    story="groups are drawn with 42, whatever seed is declared",
    patches=(Patch("ptyspec.pipeline.group:group", _always_42),),
    red=("GROUP-008", "DET-002"),
    green=("SPLIT-002", "GROUP-010", "BUG-TF-001"),
    signatures=(
        10,
        76,
    ),
)
