"""The guard of CONFIG-001 is off: stages run on whatever the dictionary says (failure signature 1)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import lenient


def _off(check: Callable[..., None]) -> Callable[..., None]:
    return lambda *args, **kwargs: None


FAULT = Fault(
    id="stale-dictionary-accepted",
    stage="settings",
    story="a stage that meets a stale dictionary runs on",
    patches=(
        Patch("ptyspec.legacy.bridge:check_synchronised", _off),
        Patch("ptyspec.legacy.pipeline:LegacyPipeline._enter", lenient(lambda cfg: True)),
    ),
    red=("CONFIG-001", "SIM-LINES-CONFIG-001", "BRIDGE-007", "LEGACY-003"),
    green=("LEGACY-004", "LEGACY-006"),
    signatures=(1,),
)
