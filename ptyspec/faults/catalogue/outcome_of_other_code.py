"""The trace takes an outcome for present that other code produced."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _constant(of: Callable[..., str]) -> Callable[..., str]:
    return lambda stamps, case: "0" * 16


FAULT = Fault(
    id="outcome-of-other-code",
    stage="evidence",
    story="the stamp of an outcome names no code",
    patches=(Patch("ptyspec.spec.stamp:Stamps.of", _constant),),
    red=("EVID-009",),
    green=("EVID-007", "EVID-008"),
)
