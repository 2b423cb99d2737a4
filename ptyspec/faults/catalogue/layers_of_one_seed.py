"""All networks draw their initial weights from seed 0 (failure signature 10)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _wrong(init: Callable[..., None]) -> Callable[..., None]:
    return lambda layers, seed: init(layers, 0)


FAULT = Fault(
    id="layers-of-one-seed",
    stage="train",
    story="another training seed gives the same initial weights",
    patches=(Patch("ptyspec.networks.blocks:Seeded.__init__", _wrong),),
    red=("NET-004",),
    green=("NET-006", "NET-001"),
    cost="parity",
    signatures=(10,),
    cases=(
        "test_equal_seeds_give_equal_weights",
        "test_a_network_on_symbolic_inputs_computes_what_the_eager_one_does[unrolled-gs2]",
        "test_every_declared_parameter_is_listed_and_moves_and_nothing_else_does[unrolled]",
    ),
)
