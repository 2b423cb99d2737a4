"""The probe is masked although nobody asked for it (failure signature 51)."""

from __future__ import annotations

from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import with_setting

FAULT = Fault(
    id="mask-unasked",
    stage="simulate",
    story="the mask's default is on in the runner and off in the documents",
    patches=(Patch("ptyspec.pipeline.simulate:simulate", with_setting("model", probe_mask=True)),),
    red=("PROBE-MASK-DEFAULT-001", "SCALE-003"),
    green=("SCALE-002", "PROBE-003", "NORM-002"),
    signatures=(51,),
)
