"""Members are merged whether or not the scenario says so (failure signature 51)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(build: Callable[..., Any]) -> Callable[..., Any]:
    return lambda config, *rest: build(config.model_copy(update={"object_big": True}), *rest)


FAULT = Fault(
    id="merge-flag-ignored",
    stage="train",
    story="object_big is read by nobody",
    patches=(Patch("ptyspec.networks.generators.cnn:build", _wrong),),
    red=("NET-008",),
    green=("NET-006", "HEAD-004"),
    cost="parity",
    signatures=(51,),
    cases=(
        "test_the_built_model_has_the_declared_geometry[false",
        "test_the_phase_head_reaches",
        "test_a_network_on_symbolic_inputs_computes_what_the_eager_one_does[cnn",
    ),
)
