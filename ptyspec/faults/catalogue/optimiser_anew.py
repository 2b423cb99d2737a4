"""After an interruption the optimiser starts anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(restore: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(run: Any, state: Any) -> Any:
        return restore(run, replace(state, optimizer=run._optimizer_values()))

    return wrong


FAULT = Fault(
    id="optimiser-anew",
    stage="train",
    story="a resumed training forgets its moments and ends in other weights",
    patches=(Patch("ptyspec.pipeline.train:_Run._restore", _wrong),),
    red=("STORE-007",),
    green=("HIST-006", "MATH-POLAR-001"),
    cost="parity",
    cases=(
        "test_stopped_by_hand_and_resumed",
        "test_groups_validate_all_over",
        "test_amplitude_two",
    ),
)
