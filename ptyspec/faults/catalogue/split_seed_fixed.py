"""The random split draws with a number from the code (failure signature 10)."""

from __future__ import annotations

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import with_setting

FAULT = Fault(
    id="split-seed-fixed",
    stage="split",
    story="the random split is drawn with 42, whatever seed is declared",
    patches=(Patch("ptyspec.pipeline.split:split", with_setting("seeds", split=42)),),
    red=("DET-002",),
    green=("SPLIT-001", "SPLIT-003", "SPLIT-005"),
    signatures=(10,),
)
