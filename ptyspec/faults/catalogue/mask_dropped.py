"""A probe mask that was asked for is not applied (failure signature 51)."""

from __future__ import annotations

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import with_setting

FAULT = Fault(
    id="mask-dropped",
    stage="simulate",
    story="model.probe_mask is read by nobody",
    patches=(Patch("ptyspec.pipeline.simulate:simulate", with_setting("model", probe_mask=False)),),
    red=("PROBE-MASK-DEFAULT-001",),
    green=("SCALE-002", "SCALE-001", "PROBE-003"),
    signatures=(51,),
)
