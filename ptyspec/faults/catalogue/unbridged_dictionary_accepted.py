"""A dictionary that was never bridged counts as one that says nothing (failure signature 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import lenient


def _untouched(cfg: Any) -> bool:
    from ptyspec.legacy.params import legacy_defaults

    return dict(cfg) == legacy_defaults()


def _trusting(check: Callable[..., None]) -> Callable[..., None]:
    return lambda cfg, *rest, **kwargs: None if _untouched(cfg) else check(cfg, *rest, **kwargs)


FAULT = Fault(
    id="unbridged-dictionary-accepted",
    stage="settings",
    story="the guard passes a dictionary of nothing but defaults",
    patches=(
        Patch("ptyspec.legacy.bridge:check_synchronised", _trusting),
        Patch("ptyspec.legacy.pipeline:LegacyPipeline._enter", lenient(_untouched)),
    ),
    red=("SIM-LINES-CONFIG-001",),
    green=("CONFIG-001", "BRIDGE-007", "LEGACY-006"),
    signatures=(1,),
)
