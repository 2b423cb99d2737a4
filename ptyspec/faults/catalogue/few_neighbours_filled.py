"""K below C is accepted, and groups are filled up with repeated frames (failure signature 20)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.faults.fault import Fault, Patch


def _unchecked(check: Callable[..., None]) -> Callable[..., None]:
    def wrong(count: int, members: int, spec: GroupingSpec) -> None:
        check(count, members, spec.model_copy(update={"neighbor_count": max(spec.neighbor_count, members)}))

    return wrong


def _filled(draw: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(seeds: Array, nearest: Array, members: int, draws: np.random.Generator) -> Array:
        made = draw(seeds, nearest, members, draws)
        return np.asarray(np.take(made, np.arange(members) % made.shape[1], axis=1))

    return wrong


FAULT = Fault(
    id="few-neighbours-filled",
    stage="group",
    story="a group with too few neighbours repeats some of them",
    patches=(
        Patch("ptyspec.pipeline.group:_check", _unchecked),
        Patch("ptyspec.pipeline.group:_members", _filled),
    ),
    red=("GROUP-004", "FLOW-005"),
    green=("GROUP-003", "GROUP-007", "GROUP-010"),
    signatures=(20,),
)
