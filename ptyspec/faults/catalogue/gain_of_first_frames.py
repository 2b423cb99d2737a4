"""The gain is estimated from the first frames, to save time."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _sampled(mean_energy: Callable[..., float]) -> Callable[..., float]:
    def wrong(amplitude: Array) -> float:
        return mean_energy(amplitude[:8])

    return wrong


FAULT = Fault(
    id="gain-of-first-frames",
    stage="normalize",
    story="the mean energy is that of the first eight frames",
    patches=(Patch("ptyspec.physics.scale:mean_energy", _sampled),),
    red=("NORM-006", "NORM-005", "SCALE-005"),
    green=("NORM-002", "NORM-004", "LEGACY-006"),
    signatures=(45,),
)
