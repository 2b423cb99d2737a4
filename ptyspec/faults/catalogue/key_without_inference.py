"""The run key forgets the settings that do not train (failure signature 11)."""

from __future__ import annotations

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import key_without

FAULT = Fault(
    id="key-without-inference",
    stage="run",
    story="inference settings are no part of the run key",
    patches=(Patch("ptyspec.runs.runkey:run_key", key_without("inference")),),
    red=("STORE-001",),
    green=("STORE-002", "LEGACY-005"),
    signatures=(11,),
)
