"""The gain is an energy ratio: its root was forgotten (failure signature 45)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _without_root(gain: Callable[[float, int], float]) -> Callable[[float, int], float]:
    return lambda energy, size: gain(energy, size) ** 2


FAULT = Fault(
    id="gain-by-energy",
    stage="normalize",
    story="the gain is (N/2)^2 over the mean energy, without the square root",
    patches=(Patch("ptyspec.physics.scale:loader_gain", _without_root),),
    red=("NORM-001", "NORM-003"),
    green=("COORDS-001", "GROUP-001"),
    signatures=(45,),
)
