"""A verdict is given whatever the instrument's controls say, and without any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _unasked(obstacle: Callable[..., tuple[str, str]]) -> Callable[..., tuple[str, str]]:
    def without_controls(*arguments: Any) -> tuple[str, str]:
        found = obstacle(*arguments)
        return ("", "") if found[0] == "controls" else found

    return without_controls


FAULT = Fault(
    id="controls-unasked",
    stage="evidence",
    story="an extractor that finds an inverted loss wherever one is written is believed",
    patches=(Patch("ptyspec.experiments.verdict:_obstacle", _unasked),),
    red=("EVID-013",),
    green=("EVID-012", "EVID-014", "EVID-015"),
    signatures=(65, 69),
)
