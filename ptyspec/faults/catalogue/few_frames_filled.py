"""Fewer frames than a group has members are accepted and repeated (failure signature 20)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _unchecked(check: Callable[..., None]) -> Callable[..., None]:
    return lambda count, members: None


def _filled(draw: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(seeds: Array, nearest: Array, members: int, draws: np.random.Generator) -> Array:
        made = draw(seeds, nearest, members, draws)
        return np.asarray(np.take(made, np.arange(members) % made.shape[1], axis=1))

    return wrong


FAULT = Fault(
    id="few-frames-filled",
    stage="group",
    story="a group of too few frames repeats some of them",
    patches=(
        Patch("ptyspec.pipeline.group:_check_count", _unchecked),
        Patch("ptyspec.pipeline.group:_members", _filled),
    ),
    red=("GROUP-004", "FLOW-005"),
    green=("GROUP-002", "GROUP-003", "GROUP-010"),
    signatures=(20,),
)
