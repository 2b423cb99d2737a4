"""Stage records leave NaN out and do not say so (failure signature 78)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _uncounted(array_stats: Callable[..., Any]) -> Callable[..., Any]:
    return lambda array: array_stats(array).model_copy(update={"nan_count": 0})


FAULT = Fault(
    id="nan-not-counted",
    stage="run",
    story="nan_count is 0 whatever an array holds",
    patches=(Patch("ptyspec.runs.record:array_stats", _uncounted),),
    red=("RUN-002",),
    green=("RUN-003", "FLOW-001", "FLOW-006"),
    signatures=(37, 78),
)
