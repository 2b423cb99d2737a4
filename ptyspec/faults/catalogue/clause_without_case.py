"""A binding clause without a case is a remark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _remark(of_row: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(row: Any) -> Iterator[Any]:
        for finding in of_row(row):
            yield replace(finding, severity="note") if row.state == "no case" else finding

    return wrong


FAULT = Fault(
    id="clause-without-case",
    stage="evidence",
    story="the trace is content with a MUST that nothing checks",
    patches=(Patch("ptyspec.spec.trace:_of_row", _remark),),
    red=("EVID-007",),
    green=("EVID-008", "EVID-009"),
)
