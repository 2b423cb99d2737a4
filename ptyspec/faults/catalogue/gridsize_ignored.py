"""Grouping always forms single frames: the stale gridsize of an unbridged dictionary (failure signature 1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.faults.fault import Fault, Patch


def _single(form: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(
        positions: Array, members: int, spec: GroupingSpec, draws: np.random.Generator
    ) -> Array:
        return form(positions, 1, spec, draws)

    return wrong


FAULT = Fault(
    id="gridsize-ignored",
    stage="group",
    story="groups have one member whatever gridsize is declared",
    patches=(Patch("ptyspec.pipeline.group:form_groups", _single),),
    red=("BUG-TF-001", "GROUP-001", "GROUP-003", "GROUP-004"),
    green=("GROUP-008", "SPLIT-001"),
    signatures=(1,),
)
