"""The closed-form scale stands in for that of the dataset (failure signature 44)."""

from __future__ import annotations

import math
from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import DoseSpec
from ptyspec.faults.fault import Fault, Patch


def _closed(measure: Callable[..., tuple[Array, float]]) -> Callable[..., tuple[Array, float]]:
    def wrong(
        obj: Array, probe: Array, positions: Array, dose: DoseSpec, seed: int
    ) -> tuple[Array, float]:
        _, scale = measure(obj, probe, positions, dose.model_copy(update={"noise": "none"}), seed)
        ratio = math.sqrt(dose.nphotons) / (len(probe) / 2) / scale
        return measure(
            obj,
            probe,
            positions,
            dose.model_copy(update={"nphotons": dose.nphotons * ratio**2}),
            seed,
        )

    return wrong


FAULT = Fault(
    id="closed-form-scale",
    stage="simulate",
    story="s = sqrt(nphotons)/(N/2), whatever energy the dataset has",
    patches=(Patch("ptyspec.physics.simulate:measure", _closed),),
    red=("SCALE-001", "DOSE-001", "SYNTH-POISSON-DOSE-001"),
    green=("DOSE-003", "NORM-001", "NORM-006"),
    signatures=(44,),
)
