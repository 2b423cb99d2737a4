"""Digests of the history are not looked at: a verdict that was altered afterwards is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _whatever(seal: Callable[..., str]) -> Callable[..., str]:
    def as_it_says(raw: Any) -> str:
        return raw["digest"] or seal(raw)

    return as_it_says


FAULT = Fault(
    id="history-unsealed",
    stage="evidence",
    story="an entry of the history is what it says it is",
    patches=(Patch("ptyspec.experiments.history:seal", _whatever),),
    red=("EVID-014",),
    green=("EVID-012", "EVID-013", "EVID-015"),
)
