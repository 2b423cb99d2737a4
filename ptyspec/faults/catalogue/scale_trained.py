"""The rms amplitude, and with it the intensity scale, is a trained variable (failure signature 7)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def wrong(model: Any, scenario: Any, probe: Any, a0: float, *rest: Any) -> None:
        init(model, scenario, probe, a0, *rest)
        from keras import initializers

        model.a0 = model.add_weight(shape=(), initializer=initializers.Constant(a0), name="a0")

    return wrong


FAULT = Fault(
    id="scale-trained",
    stage="train",
    story="what is declared fixed drifts with the object, which no score of the data can tell",
    patches=(Patch("ptyspec.networks.reconstructor:Reconstructor.__init__", _wrong),),
    red=("NET-002",),
    green=("NET-006", "NORMALIZATION-001"),
    cost="parity",
    signatures=(7, 38),
    cases=(
        "test_every_declared_parameter_is_listed_and_moves_and_nothing_else_does[cnn]",
        "test_a_network_on_symbolic_inputs_computes_what_the_eager_one_does[unrolled-gs2]",
        "test_another_gain",
    ),
)
