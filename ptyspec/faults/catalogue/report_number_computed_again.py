"""The report computes the ratio a second time, in another way (failure signature 70)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _corrected(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(metrics: Mapping[str, Any], path: str) -> Any:
        found, factor = lookup(metrics, path), lookup(metrics, "amplitude.least_squares_scalar")
        return found * factor if path == "amplitude.mean_ratio" and found and factor else found

    return wrong


FAULT = Fault(
    id="report-number-computed-again",
    stage="evidence",
    story="the report's ratio is corrected by the least-squares scalar",
    patches=(Patch("ptyspec.scores.headline:lookup", _corrected),),
    red=("EVID-002",),
    green=("EVID-004", "GAUGE-007", "RUN-006"),
    signatures=(70,),
)
