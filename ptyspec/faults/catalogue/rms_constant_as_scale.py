"""The constant that normalises the input serves as the physical level (failure signature 35)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _of_the_input(rms: Callable[[float, Array], float]) -> Callable[[float, Array], float]:
    return lambda energy, probe: rms((len(probe) / 2) ** 2, probe)


FAULT = Fault(
    id="rms-constant-as-scale",
    stage="normalize",
    story="a0 is taken from the (N/2)^2 of the normalised input in place of the measured energy",
    patches=(Patch("ptyspec.physics.scale:rms_amplitude", _of_the_input),),
    red=("SCALE-005",),
    green=("NORM-002", "NORM-006", "NORMALIZATION-001"),
    signatures=(35,),
)
