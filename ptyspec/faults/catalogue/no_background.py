"""The likelihood takes the logarithm of the rate as it is (failure signature 37)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _bare(poisson: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(predicted: Any, amplitude: Any, energy: float, mask: Any = None) -> Any:
        from keras import ops

        from ptyspec.networks.losses import _mean_over_frames

        return (
            _mean_over_frames(predicted - amplitude * amplitude * ops.log(predicted), mask) / energy
        )

    return wrong


FAULT = Fault(
    id="no-background",
    stage="train",
    story="rate - count log rate, without anything that keeps the logarithm finite where the rate is zero",
    patches=(Patch("ptyspec.networks.losses:poisson", _bare),),
    red=("LOSS-002",),
    green=("LOSS-001", "MATH-POLAR-001"),
    cost="parity",
    signatures=(37, 72),
    cases=(
        "test_loss_and_gradient_of_darkness_are_finite[poisson-prediction]",
        "test_the_loss_does_not_change_to_first_order",
        "test_amplitude_two",
    ),
)
