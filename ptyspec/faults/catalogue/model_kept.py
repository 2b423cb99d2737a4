"""The first model of a process is given to every other scenario (failure signature 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(build: Callable[..., Any]) -> Callable[..., Any]:
    kept: list[Any] = []

    def wrong(*args: Any) -> Any:
        if not kept:
            kept.append(build(*args))
        return kept[0]

    return wrong


FAULT = Fault(
    id="model-kept",
    stage="train",
    story="a model is built once, whatever the next scenario declares",
    patches=(Patch("ptyspec.pipeline.train:build_model", _wrong),),
    red=("MODULE-SINGLETON-001",),
    green=("NET-006", "NET-010"),
    cost="parity",
    signatures=(4,),
    cases=("test_every_model_of_a_process", "test_two_models_share"),
)
