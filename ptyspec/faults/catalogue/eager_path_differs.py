"""The eager network takes another path than the traced one (failure signature 48)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def wrong(model: Any, inputs: Any, training: bool = False) -> Any:
        import tensorflow as tf

        factor = 1.01 if tf.executing_eagerly() else 1.0
        return [(re * factor, im * factor) for re, im in call(model, inputs, training)]

    return wrong


FAULT = Fault(
    id="eager-path-differs",
    stage="infer",
    story="a branch on eager execution scales what is computed outside of a graph",
    patches=(Patch("ptyspec.networks.reconstructor:Reconstructor.call", _wrong),),
    red=("NET-007",),
    green=("NET-011", "MATH-POLAR-001"),
    cost="parity",
    signatures=(48,),
    cases=(
        "test_eager_traced_and_compiled_networks_agree[unrolled-gs1]",
        "test_no_product_of_the_forward_model",
    ),
)
