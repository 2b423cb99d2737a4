"""A checkpoint of the best epoch is built and never attached: the last weights are kept (failure signature 78)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _last(with_best: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda run, state: replace(state, best=state.weights, best_epoch=state.epoch)


FAULT = Fault(
    id="last-epoch-kept",
    stage="train",
    story="whatever the monitor says, the weights of the last epoch are the result",
    patches=(Patch("ptyspec.pipeline.train:_Run._with_best", _last),),
    red=("HIST-003", "INFER-004"),
    green=("HIST-001",),
    cost="parity",
    signatures=(78,),
)
