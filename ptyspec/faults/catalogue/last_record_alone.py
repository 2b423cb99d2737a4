"""Only the last epoch is kept in the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(epoch: Callable[..., Any]) -> Callable[..., Any]:
    return lambda run, state, check: epoch(run, replace(state, records=()), check)


FAULT = Fault(
    id="last-record-alone",
    stage="train",
    story="the curve of a training is one point",
    patches=(Patch("ptyspec.pipeline.train:_Run._epoch", _wrong),),
    red=("HIST-001",),
    green=("HIST-005", "NET-004"),
    cost="parity",
    cases=(
        "test_a_history_has_a_complete_record",
        "test_the_weights_of_a_finished_training",
        "test_equal_seeds_give_equal_weights",
    ),
)
