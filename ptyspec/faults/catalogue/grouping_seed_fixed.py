"""Groups are drawn with a number from the code (failure signatures 10 and 76)."""

from __future__ import annotations

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import with_setting

FAULT = Fault(
    id="grouping-seed-fixed",
    stage="group",
    story="groups are drawn with 42, whatever seed is declared",
    patches=(Patch("ptyspec.pipeline.group:group", with_setting("seeds", grouping=42)),),
    red=("GROUP-008", "DET-002"),
    green=("SPLIT-002", "GROUP-010", "BUG-TF-001"),
    signatures=(10, 76),
)
