"""Oversampling draws the same groups again (failure signature 21)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _always_new(is_new: Callable[..., bool]) -> Callable[..., bool]:
    return lambda row, known: True


FAULT = Fault(
    id="groups-twice",
    stage="group",
    story="a member set that was drawn before counts as a new group",
    patches=(Patch("ptyspec.pipeline.group:_is_new", _always_new),),
    red=("GROUP-005", "OVERSAMPLING-001"),
    green=("GROUP-008", "GROUP-010"),
    signatures=(21,),
)
