"""Nobody looks at the weights after the last update (failure signature 78)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(check: Callable[..., None]) -> Callable[..., None]:
    def wrong(run: Any, value: float, epoch: int, step: int, metric: str) -> None:
        if metric != "a weight":
            check(run, value, epoch, step, metric)

    return wrong


FAULT = Fault(
    id="weights-unchecked",
    stage="train",
    story="a bundle of NaN is kept as the best epoch of a training without a finite weight",
    patches=(Patch("ptyspec.pipeline.train:_Run._check", _wrong),),
    red=("HIST-005",),
    green=("HIST-004", "MATH-POLAR-001"),
    cost="parity",
    signatures=(78,),
    cases=(
        "test_a_last_update_that_breaks",
        "test_a_loss_that_is_not_finite_ends",
        "test_amplitude_two",
    ),
)
