"""The rate inside the logarithm is taken for a constant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(poisson: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(predicted: Any, amplitude: Any, energy: float, mask: Any = None) -> Any:
        from keras import ops

        from ptyspec.networks.losses import _mean_over_frames
        from ptyspec.physics.scale import BACKGROUND

        background = BACKGROUND * energy / amplitude.shape[-1] ** 2
        rate, count = predicted + background, amplitude * amplitude + background
        deviance = rate - count - count * ops.log(ops.stop_gradient(rate) / count)
        return _mean_over_frames(deviance, mask) / energy

    return wrong


FAULT = Fault(
    id="rate-held-constant",
    stage="train",
    story="the loss goes down along a slope that is not its own",
    patches=(Patch("ptyspec.networks.losses:poisson", _wrong),),
    red=("LOSS-006",),
    green=("MATH-POLAR-001", "NET-011"),
    cost="parity",
    cases=("test_the_tapes_slope", "test_amplitude_two", "test_no_product"),
)
