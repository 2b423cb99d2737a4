"""Inference takes whatever probe it is given (failure signature 28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _unread(infer: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Any, trained: Any, container: Any) -> Any:
        return trained.predict(trained.weights, container)

    return wrong


FAULT = Fault(
    id="probe-digest-unread",
    stage="infer",
    story="nobody compares the probe with the one that normalised the data",
    patches=(Patch("ptyspec.pipeline.infer:infer", _unread),),
    red=("DATA-007", "PROBE-003"),
    green=("FLOW-001", "FLOW-003", "EVID-003"),
    signatures=(28,),
)
