"""The legacy way groups with another seed than the config says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(group: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(pipeline: Any, scenario: Any, halves: Any) -> Any:
        told = pipeline._enter("group", scenario)
        seeds = told.seeds.model_copy(update={"grouping": told.seeds.grouping + 1})
        return pipeline._stages.group(told.model_copy(update={"seeds": seeds}), halves)

    return wrong


FAULT = Fault(
    id="legacy-grouping-seed",
    stage="normalize",
    story="npseed + 1 draws the groups of the legacy stages, so that both ways prepare other data",
    patches=(Patch("ptyspec.legacy.pipeline:LegacyPipeline.group", _wrong),),
    red=("LEGACY-001",),
    green=("LEGACY-006",),
    cost="parity",
    signatures=(1,),
    cases=("test_the_stages_before_training_record_the_same",),
)
