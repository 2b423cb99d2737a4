"""A clause whose cases were skipped counts as fulfilled (failure signature 68)."""

from __future__ import annotations

from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _generous(state: property) -> property:
    getter: Any = state.fget
    return property(lambda row: "passed" if getter(row) in ("skipped", "not run") else getter(row))


FAULT = Fault(
    id="skipped-is-passed",
    stage="evidence",
    story="nothing that did not fail has failed",
    patches=(Patch("ptyspec.spec.trace:Row.state", _generous),),
    red=("EVID-009",),
    green=("EVID-007", "EVID-008"),
    signatures=(68,),
)
