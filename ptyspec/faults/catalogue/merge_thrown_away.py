"""Each member keeps its own view and the merge is thrown away (failure signature 51)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(merged: Callable[..., Any]) -> Callable[..., Any]:
    return lambda placement, obj, fill: obj


FAULT = Fault(
    id="merge-thrown-away",
    stage="infer",
    story="members of a group disagree where they overlap",
    patches=(Patch("ptyspec.networks.forward:Placement.merged", _wrong),),
    red=("MERGE-005",),
    green=("HEAD-003", "MATH-POLAR-001"),
    cost="parity",
    signatures=(51,),
    cases=("test_merged_members_agree", "test_the_heads_themselves", "test_amplitude_two"),
)
