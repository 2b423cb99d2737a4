"""Planes that cannot be halved are cropped, and patches come back too small (failure signature 57)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(fill_up: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(planes: Any, multiple: int) -> Any:
        side = planes.shape[1] - planes.shape[1] % multiple
        return planes[:, :side, :side]

    return wrong


FAULT = Fault(
    id="planes-cropped",
    stage="infer",
    story="for N = 20 the network sees and answers with a part of the patch",
    patches=(Patch("ptyspec.networks.blocks:fill_up", _wrong),),
    red=("NET-005",),
    green=("NET-006",),
    cost="parity",
    signatures=(57,),
    cases=(
        "test_sides_that_can_be_halved_only_twice",
        "test_a_network_on_symbolic_inputs_computes_what_the_eager_one_does[unrolled-gs2]",
    ),
)
