"""The object's rms amplitude is its mean square: the root was forgotten."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _squared(rms_amplitude: Callable[..., float]) -> Callable[..., float]:
    return lambda energy, probe: rms_amplitude(energy, probe) ** 2


FAULT = Fault(
    id="a0-without-root",
    stage="normalize",
    story="a0 is the mean energy over the probe's energy",
    patches=(Patch("ptyspec.physics.scale:rms_amplitude", _squared),),
    red=("SCALE-005",),
    green=("NORM-001", "NORM-005", "NORM-006", "LEGACY-006"),
    signatures=(45,),
)
