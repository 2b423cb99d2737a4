"""The network input is normalised by the formula with the number of photons (failure signature 40)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _by_dose(normalize: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Any, groups: Any) -> Any:
        made = normalize(scenario, groups)
        factor = math.sqrt(scenario.dose.nphotons) / (scenario.model.N / 2)
        parts = (
            part.model_copy(update={"gain": part.gain * factor}) for part in (made.train, made.test)
        )
        return type(made)(*parts)

    return wrong


FAULT = Fault(
    id="gain-of-the-photon-formula",
    stage="normalize",
    story="the input grows with the dose, and training at 1e9 photons ends in NaN",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _by_dose),),
    red=("NORM-006",),
    green=("NORMALIZATION-001", "SCALE-005", "FORWARD-001"),
    signatures=(40,),
)
