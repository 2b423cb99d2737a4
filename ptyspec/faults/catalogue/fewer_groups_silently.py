"""The number of groups is capped at the number of frames, without a word."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.faults.fault import Fault, Patch


def _capped(form: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(
        positions: Array, members: int, spec: GroupingSpec, draws: np.random.Generator
    ) -> Array:
        most = max(1, min(spec.n_groups, len(positions)))
        return form(positions, members, spec.model_copy(update={"n_groups": most}), draws)

    return wrong


FAULT = Fault(
    id="fewer-groups-silently",
    stage="group",
    story="more groups than frames are asked for, and one a frame is formed",
    patches=(Patch("ptyspec.pipeline.group:form_groups", _capped),),
    red=("GROUP-010", "OVERSAMPLING-001"),
    green=("GROUP-002", "GROUP-003", "GROUP-004", "GROUP-007"),
)
