"""The loader's gain stays in the object: the main cause of the recorded undershoot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.container import Container, Patches
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch


def _kept(infer: Callable[..., Patches]) -> Callable[..., Patches]:
    def wrong(scenario: Scenario, trained: Any, container: Container) -> Patches:
        found = infer(scenario, trained, container)
        if not isinstance(found, Patches):  # a stand-in of a test
            return found
        return found.model_copy(update={"object": (container.gain * found.object).astype(np.complex64)})

    return wrong


FAULT = Fault(
    id="gain-kept",
    stage="infer",
    story="the network learns g x object, and nobody divides by g again",
    patches=(Patch("ptyspec.pipeline.infer:infer", _kept),),
    red=("INFER-005",),
    green=("COORDS-001", "FORWARD-001"),
    cost="parity",
    signatures=(31,),
)
