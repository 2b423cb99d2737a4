"""Fewer frames than a group has members are accepted and repeated (failure signature 20)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import repeating_members


def _unchecked(check: Callable[..., None]) -> Callable[..., None]:
    return lambda count, members: None


FAULT = Fault(
    id="few-frames-filled",
    stage="group",
    story="a group of too few frames repeats some of them",
    patches=(
        Patch("ptyspec.pipeline.group:_check_count", _unchecked),
        Patch("ptyspec.pipeline.group:_members", repeating_members),
    ),
    red=("GROUP-004", "FLOW-005"),
    green=("GROUP-002", "GROUP-003", "GROUP-010"),
    signatures=(20,),
)
