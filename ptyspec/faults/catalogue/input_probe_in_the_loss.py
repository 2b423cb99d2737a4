"""The loss predicts with the probe that was rescaled for the network's input (failure signature 35)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def wrong(model: Any, *args: Any, **more: Any) -> None:
        init(model, *args, **more)
        model.forward = model.generator.forward

    return wrong


FAULT = Fault(
    id="input-probe-in-the-loss",
    stage="train",
    story="the normalisation of the input is taken for the scale of physics",
    patches=(Patch("ptyspec.networks.reconstructor:Reconstructor.__init__", _wrong),),
    red=("CI-ABSOLUTE-SCALE-CONTRACT-001",),
    green=("MATH-POLAR-001", "NET-011"),
    cost="parity",
    signatures=(35,),
    cases=(
        "test_the_built_models_loss_predicts_the_measured_energy_of_the_truth",
        "test_amplitude_two",
        "test_no_product",
    ),
)
