"""A difference that is not significant counts as none: three noisy runs rule out anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _absent(within: Callable[..., bool]) -> Callable[..., bool]:
    def around_zero(interval: Any, margin: float) -> bool:
        return bool(interval.low <= 0 <= interval.high or within(interval, margin))

    return around_zero


FAULT = Fault(
    id="insignificant-is-ruled-out",
    stage="evidence",
    story="an interval that holds zero is taken for no difference, whatever else it holds",
    patches=(Patch("ptyspec.experiments.intervals:Interval.within", _absent),),
    red=("EVID-012",),
    green=("EVID-014", "EVID-015"),
)
