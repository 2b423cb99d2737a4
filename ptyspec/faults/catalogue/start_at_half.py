"""The network starts at half of what the total counts state."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def wrong(layer: Any, measured: Any, relative: Any, start: Any) -> Any:
        return call(layer, measured, relative, 0.5 * start)

    return wrong


FAULT = Fault(
    id="start-at-half",
    stage="train",
    story="an untrained network is too dark, and training has to find a factor that was known",
    patches=(Patch("ptyspec.networks.generators.cnn:DirectCnn.call", _wrong),),
    red=("HEAD-005",),
    green=("HEAD-002", "HEAD-004"),
    cost="parity",
    cases=(
        "starts_at_the_right_amplitude[cnn",
        "phase_head_reaches_both_ends_and_zero",
        "rms_amplitude[cnn]",
    ),
)
