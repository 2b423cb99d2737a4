"""Intensities are stored where amplitudes belong (failure signature 14)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import DoseSpec
from ptyspec.faults.fault import Fault, Patch


def _squared(measure: Callable[..., tuple[Array, float]]) -> Callable[..., tuple[Array, float]]:
    def wrong(
        obj: Array, probe: Array, positions: Array, dose: DoseSpec, seed: int
    ) -> tuple[Array, float]:
        amplitude, scale = measure(obj, probe, positions, dose, seed)
        return amplitude**2, scale

    return wrong


FAULT = Fault(
    id="intensity-for-amplitude",
    stage="simulate",
    story="the square root is forgotten: X is counts / s^2",
    patches=(Patch("ptyspec.physics.simulate:measure", _squared),),
    red=("DOSE-003", "SYNTH-POISSON-DOSE-001", "SCALE-002"),
    green=("NORM-006", "NORM-001", "PROBE-003"),
    signatures=(14,),
)
