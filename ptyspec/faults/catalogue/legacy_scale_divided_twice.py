"""The scale of the dictionary is divided out once more where the legacy model predicts (failure signature 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(shown: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(pipeline: Any, container: Any, model_scale: float) -> Any:
        seen = shown(pipeline, container, model_scale)
        return seen.model_copy(update={"gain": seen.gain * model_scale / seen.scale})

    return wrong


FAULT = Fault(
    id="legacy-scale-divided-twice",
    stage="train",
    story="the model of the legacy way sees its data in another unit when it predicts than when it trained",
    patches=(Patch("ptyspec.legacy.pipeline:LegacyPipeline._shown", _wrong),),
    red=("LEGACY-002",),
    green=("LEGACY-001",),
    cost="parity",
    signatures=(7,),
    cases=(
        "test_the_object_is_the_same_bit_by_bit",
        "test_the_stages_before_training_record_the_same",
    ),
)
