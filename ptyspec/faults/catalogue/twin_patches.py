"""Inference returns the twin of every patch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.container import Patches
from ptyspec.faults.fault import Fault, Patch


def _twins(infer: Callable[..., Patches]) -> Callable[..., Patches]:
    def wrong(scenario: Any, trained: Any, container: Any) -> Patches:
        found = infer(scenario, trained, container)
        if not isinstance(found, Patches):  # a stand-in of a test
            return found
        return found.model_copy(update={"object": np.conj(found.object[:, ::-1, ::-1])})

    return wrong


FAULT = Fault(
    id="twin-patches",
    stage="infer",
    story="patches come back turned by 180 degrees and conjugated",
    patches=(Patch("ptyspec.pipeline.infer:infer", _twins),),
    red=("INFER-006", "INFER-007"),
    green=("INFER-005", "NET-009", "INFER-008"),
    cost="parity",
    signatures=(17,),
    cases=("[gs2-random]", "test_training_improves", "test_the_iterative_reference"),
)
