"""The guard of CONFIG-001 is off: stages run on whatever the dictionary says (failure signature 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _off(check: Callable[..., None]) -> Callable[..., None]:
    return lambda *args, **kwargs: None


def _lenient(enter: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(pipeline: Any, *args: Any, **kwargs: Any) -> Any:
        strict, pipeline.strict = pipeline.strict, False
        try:
            return enter(pipeline, *args, **kwargs)
        finally:
            pipeline.strict = strict

    return wrong


FAULT = Fault(
    id="stale-dictionary-accepted",
    stage="settings",
    story="a stage that meets a stale dictionary runs on",
    patches=(
        Patch("ptyspec.legacy.bridge:check_synchronised", _off),
        Patch("ptyspec.legacy.pipeline:LegacyPipeline._enter", _lenient),
    ),
    red=("CONFIG-001", "SIM-LINES-CONFIG-001", "BRIDGE-007", "LEGACY-003"),
    green=("LEGACY-004", "LEGACY-006"),
    signatures=(1,),
)
