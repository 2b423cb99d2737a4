"""A side that can be halved only once is accepted (failure signature 57)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _even(check: Callable[[int], None]) -> Callable[[int], None]:
    return lambda size: None if size % 2 == 0 else check(size)


FAULT = Fault(
    id="side-of-six-accepted",
    stage="simulate",
    story="N has to be even, where it has to be divisible by 4",
    patches=(Patch("ptyspec.pipeline.simulate:check_size", _even),),
    red=("PARAMS-N-DIV4-001",),
    green=("FORWARD-001", "PROBE-004", "OBJECT-001"),
    signatures=(57,),
)
