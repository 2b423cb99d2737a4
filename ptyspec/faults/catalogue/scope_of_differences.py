"""The scope of a verdict lists what varied and not what was held: the result reads as one about everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _varied_alone(scope: Callable[..., Any]) -> Callable[..., Any]:
    def half(*arguments: Any) -> Any:
        return scope(*arguments).model_copy(update={"held": {}, "not_exercised": ()})

    return half


FAULT = Fault(
    id="scope-of-differences",
    stage="evidence",
    story="neither what was held nor what was not exercised is told",
    patches=(Patch("ptyspec.experiments.scope:scope", _varied_alone),),
    red=("EVID-015",),
    green=("EVID-011", "EVID-012", "EVID-013", "EVID-014"),
)
