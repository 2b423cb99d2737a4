"""Oversampling with K = C is accepted, where groups have no choice left (failure signature 21)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.faults.fault import Fault, Patch


def _weaker(check: Callable[..., None]) -> Callable[..., None]:
    def wrong(count: int, members: int, spec: GroupingSpec) -> None:
        if spec.neighbor_count == members:
            spec = spec.model_copy(update={"neighbor_count": members + 1})
        check(count, members, spec)

    return wrong


FAULT = Fault(
    id="oversampling-without-choice",
    stage="group",
    story="oversampling needs K >= C instead of K > C",
    patches=(Patch("ptyspec.pipeline.group:_check_oversampling", _weaker),),
    red=("OVERSAMPLING-001", "FLOW-005"),
    green=("GROUP-005", "GROUP-006", "GROUP-010"),
    signatures=(21,),
)
