"""A part of the network is kept where nothing that trains looks (failure signature 38)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(build: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*args: Any) -> Any:
        made = build(*args)
        made.nets[-1].trainable = False
        return made

    return wrong


FAULT = Fault(
    id="part-never-trained",
    stage="train",
    story="the last correction network is listed nowhere and keeps its initial weights",
    patches=(Patch("ptyspec.networks.generators.unrolled:build", _wrong),),
    red=("NET-001",),
    green=("NET-006",),
    cost="parity",
    signatures=(38,),
    cases=(
        "test_every_declared_parameter_is_listed_and_moves_and_nothing_else_does[unrolled]",
        "test_a_network_on_symbolic_inputs_computes_what_the_eager_one_does[unrolled-gs2]",
    ),
)
