"""Runs on dictionaries that say different things share a name in the store (failure signature 11)."""

from __future__ import annotations

from ptyspec.faults.fault import Fault, Patch


def _one_name(name: property) -> property:
    return property(lambda pipeline: "legacy")


FAULT = Fault(
    id="observed-runs-one-name",
    stage="run",
    story="every observing run is called legacy",
    patches=(Patch("ptyspec.legacy.pipeline:LegacyPipeline.name", _one_name),),
    red=("LEGACY-005",),
    green=("LEGACY-006",),
    signatures=(11,),
)
