"""The run key forgets the seeds: another seed finds the run of the first (failure signatures 10 and 11)."""

from __future__ import annotations

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import key_without

FAULT = Fault(
    id="key-without-seeds",
    stage="run",
    story="seeds are no part of the run key",
    patches=(Patch("ptyspec.runs.runkey:run_key", key_without("seeds")),),
    red=("STORE-001",),
    green=("STORE-002", "LEGACY-005"),
    signatures=(10, 11),
)
