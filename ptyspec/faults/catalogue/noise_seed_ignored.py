"""The photon noise is drawn with a seed of the generator's own (failure signature 10)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import DoseSpec
from ptyspec.faults.fault import Fault, Patch


def _fixed(measure: Callable[..., tuple[Array, float]]) -> Callable[..., tuple[Array, float]]:
    def wrong(
        obj: Array, probe: Array, positions: Array, dose: DoseSpec, seed: int
    ) -> tuple[Array, float]:
        return measure(obj, probe, positions, dose, 42)

    return wrong


FAULT = Fault(
    id="noise-seed-ignored",
    stage="simulate",
    story="the noise's seed is hard-coded: a repeated measurement has the same noise",
    patches=(Patch("ptyspec.physics.simulate:measure", _fixed),),
    red=("SIMULATE-001", "DET-002"),
    green=("DOSE-001", "DOSE-002", "SYNTH-POISSON-DOSE-001"),
    signatures=(10,),
)
