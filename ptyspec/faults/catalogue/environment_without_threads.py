"""The record of the environment leaves the threads out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _without(environment: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    return lambda seeds: {**environment(seeds), "threads": {"intra": 0, "inter": 0, "omp": 0}}


FAULT = Fault(
    id="environment-without-threads",
    stage="run",
    story="environment.json says that the libraries decide",
    patches=(Patch("ptyspec.runs.environment:environment", _without),),
    red=("RUN-005",),
    green=("RUN-002", "FLOW-001"),
)
