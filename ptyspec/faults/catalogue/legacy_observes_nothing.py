"""A legacy run that is told to observe keeps nothing of what it met."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _forgetful(enter: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(pipeline: Any, stage: str, *args: Any, **kwargs: Any) -> Any:
        made = enter(pipeline, stage, *args, **kwargs)
        pipeline.observed[stage] = ()
        return made

    return wrong


FAULT = Fault(
    id="legacy-observes-nothing",
    stage="run",
    story="stale entries are not kept while the stages run on them",
    patches=(Patch("ptyspec.legacy.pipeline:LegacyPipeline._enter", _forgetful),),
    red=("LEGACY-004",),
    green=("CONFIG-001", "BRIDGE-007", "LEGACY-006"),
    signatures=(1,),
)
