"""K below C is accepted, and groups are filled up with repeated frames (failure signature 20)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import repeating_members


def _unchecked(check: Callable[..., None]) -> Callable[..., None]:
    def wrong(count: int, members: int, spec: GroupingSpec) -> None:
        check(
            count,
            members,
            spec.model_copy(update={"neighbor_count": max(spec.neighbor_count, members)}),
        )

    return wrong


FAULT = Fault(
    id="few-neighbours-filled",
    stage="group",
    story="a group with too few neighbours repeats some of them",
    patches=(
        Patch("ptyspec.pipeline.group:_check", _unchecked),
        Patch("ptyspec.pipeline.group:_members", repeating_members),
    ),
    red=("GROUP-004", "FLOW-005"),
    green=("GROUP-003", "GROUP-007", "GROUP-010"),
    signatures=(20,),
)
