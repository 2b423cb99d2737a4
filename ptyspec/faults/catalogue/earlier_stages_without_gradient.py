"""The earlier stages' term is declared, counted and gives no gradient (failure signature 41)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(compute_loss: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(compute_loss)
    def wrong(
        model: Any, x: Any = None, y: Any = None, y_pred: Any = None, *rest: Any, **more: Any
    ) -> Any:
        from keras import ops

        still = [tuple(ops.stop_gradient(part) for part in stage) for stage in y_pred[:-1]]
        return compute_loss(model, x, y, [*still, y_pred[-1]], *rest, **more)

    return wrong


FAULT = Fault(
    id="earlier-stages-without-gradient",
    stage="train",
    story="a loss that is printed and never descended",
    patches=(Patch("ptyspec.networks.reconstructor:Reconstructor.compute_loss", _wrong),),
    red=("LOSS-005",),
    green=("LOSS-001", "MATH-POLAR-001"),
    cost="parity",
    signatures=(41,),
    cases=(
        "test_every_stage_with_a_declared_weight",
        "test_the_loss_does_not_change_to_first_order",
        "test_amplitude_two",
    ),
)
