"""The record of the environment leaves the seeds out (failure signature 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _without(environment: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    return lambda seeds: {**environment(seeds), "seeds": {}}


FAULT = Fault(
    id="environment-without-seeds",
    stage="run",
    story="environment.json names no seed",
    patches=(Patch("ptyspec.runs.environment:environment", _without),),
    red=("RUN-005",),
    green=("RUN-002", "FLOW-001"),
    signatures=(10,),
)
