"""A loss that is not finite is written down and training goes on (failure signature 37)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(check: Callable[..., None]) -> Callable[..., None]:
    def wrong(run: Any, value: float, epoch: int, step: int, metric: str) -> None:
        if "loss" not in metric:
            check(run, value, epoch, step, metric)

    return wrong


FAULT = Fault(
    id="infinite-loss-ignored",
    stage="train",
    story="NaN from the third epoch on, and a run that looks finished",
    patches=(Patch("ptyspec.pipeline.train:_Run._check", _wrong),),
    red=("HIST-004",),
    green=("NET-004", "MATH-POLAR-001"),
    cost="parity",
    signatures=(37, 78),
    cases=(
        "test_a_loss_that_is_not_finite_ends",
        "test_amplitude_two",
        "test_equal_seeds_give_equal_weights_and_others_do_not[cnn]",
    ),
)
