"""A case that is bound to a clause which does not exist is passed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _silent(unknown: Callable[..., Any]) -> Callable[..., Any]:
    return lambda clauses, bound: iter(())


FAULT = Fault(
    id="unknown-clause-passed-over",
    stage="evidence",
    story="a misspelt id in a marker is not reported",
    patches=(Patch("ptyspec.spec.trace:_unknown", _silent),),
    red=("EVID-008",),
    green=("EVID-007", "EVID-009"),
)
