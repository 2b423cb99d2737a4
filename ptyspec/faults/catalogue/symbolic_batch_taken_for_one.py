"""A number of groups that is not known yet is taken for one (failure signature 54)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(unfold: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(tensor: Any, members: int) -> Any:
        from keras import ops

        groups = tensor.shape[0] // members if tensor.shape[0] else 1
        return ops.transpose(
            ops.reshape(tensor, (groups, members, *tensor.shape[1:3])), (0, 2, 3, 1)
        )

    return wrong


FAULT = Fault(
    id="symbolic-batch-taken-for-one",
    stage="train",
    story="the model is built on symbolic tensors with a batch of one group",
    patches=(Patch("ptyspec.networks.forward:unfold", _wrong),),
    red=("NET-006",),
    green=("NET-011", "MATH-POLAR-001"),
    cost="parity",
    signatures=(54,),
    cases=("test_a_network_on_symbolic_inputs_computes", "test_no_product_of_the_forward_model"),
)
