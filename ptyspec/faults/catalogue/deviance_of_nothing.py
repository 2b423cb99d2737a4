"""The deviance divides by counts that are zero almost everywhere (failure signature 37)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _bare(poisson: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(predicted: Any, amplitude: Any, energy: float, mask: Any = None) -> Any:
        from keras import ops

        from ptyspec.networks.losses import _mean_over_frames

        count = amplitude * amplitude
        return (
            _mean_over_frames(predicted - count - count * ops.log(predicted / count), mask) / energy
        )

    return wrong


FAULT = Fault(
    id="deviance-of-nothing",
    stage="train",
    story="rate - count - count log(rate / count): right wherever a photon was seen, and nowhere else",
    patches=(Patch("ptyspec.networks.losses:poisson", _bare),),
    red=("EVID-010",),
    green=("MATH-POLAR-001",),
    cost="parity",
    signatures=(37,),
    cases=("test_no_training_of_five_seeds_diverges", "test_amplitude_two"),
)
