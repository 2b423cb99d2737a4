"""Members keep an axis of their own in the matrix products (failure signature 48)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(product: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(left: Any, middle: Any, right: Any) -> Any:
        from keras import ops

        first = ops.matmul(left[:, None], middle[:, None])
        return ops.matmul(first, ops.transpose(right, (0, 2, 1))[:, None])[:, 0]

    return wrong


FAULT = Fault(
    id="members-keep-an-axis",
    stage="train",
    story="products of four axes, on which oneDNN crashes at gridsize 1",
    patches=(Patch("ptyspec.networks.forward:_product", _wrong),),
    red=("NET-011",),
    green=("MATH-POLAR-001", "HEAD-003"),
    cost="parity",
    signatures=(48,),
    cases=("test_no_product_of_the_forward_model", "test_the_heads_themselves"),
)
