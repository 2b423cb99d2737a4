"""The amplitude error is taken against amplitudes with a gain left in them (failure signature 42)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(mae: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(predicted: Any, amplitude: Any, energy: float, mask: Any = None) -> Any:
        return mae(predicted, amplitude * (amplitude.shape[-1] / 2) / energy**0.5, energy, mask)

    return wrong


FAULT = Fault(
    id="amplitude-error-of-gained-data",
    stage="train",
    story="two terms of a loss pull the scale of the object to two values",
    patches=(Patch("ptyspec.networks.losses:mae", _wrong),),
    red=("LOSS-004",),
    green=("MATH-POLAR-001", "NET-011"),
    cost="parity",
    signatures=(42,),
    cases=("test_one_percent_more_and_one_percent_less", "test_amplitude_two", "test_no_product"),
)
