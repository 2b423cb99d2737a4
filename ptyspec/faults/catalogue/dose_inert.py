"""The declared number of photons changes nothing (failure signature 39)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import DoseSpec
from ptyspec.faults.fault import Fault, Patch


def _inert(measure: Callable[..., tuple[Array, float]]) -> Callable[..., tuple[Array, float]]:
    def wrong(
        obj: Array, probe: Array, positions: Array, dose: DoseSpec, seed: int
    ) -> tuple[Array, float]:
        declared = dose.model_copy(update={"nphotons": 108.0 * probe.size})
        return measure(obj, probe, positions, declared, seed)

    return wrong


FAULT = Fault(
    id="dose-inert",
    stage="simulate",
    story="about 108 counts a pixel whatever is declared",
    patches=(Patch("ptyspec.physics.simulate:measure", _inert),),
    red=("SYNTH-POISSON-DOSE-001", "DOSE-001", "DOSE-004"),
    green=("DOSE-003", "SCALE-001", "NORM-006"),
    signatures=(39,),
)
