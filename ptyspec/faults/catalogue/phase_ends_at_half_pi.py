"""The phase head ends at half of pi."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(head: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda raw: 0.5 * head(raw)


FAULT = Fault(
    id="phase-ends-at-half-pi",
    stage="infer",
    story="phases beyond a quarter turn cannot be reached",
    patches=(Patch("ptyspec.networks.generators.cnn:phase_head", _wrong),),
    red=("HEAD-004",),
    green=("HEAD-002", "NET-006"),
    cost="parity",
    cases=(
        "test_the_phase_head_reaches",
        "test_the_whole_network_reaches",
        "test_a_network_on_symbolic",
    ),
)
