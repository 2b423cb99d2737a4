"""The untrained weights are saved under the name of the best ones (failure signature 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _wrong(save: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(folder: Any, state: Any) -> Any:
        return save(folder, replace(state, best=[np.zeros_like(weight) for weight in state.best]))

    return wrong


FAULT = Fault(
    id="untrained-saved",
    stage="train",
    story="a bundle that is loaded again predicts what no training ever saw",
    patches=(Patch("ptyspec.pipeline.checkpoint:save", _wrong),),
    red=("INFER-003",),
    green=("HIST-006", "MATH-POLAR-001"),
    cost="parity",
    signatures=(6,),
    cases=(
        "test_the_saved_best_weights_predict",
        "test_groups_validate_all_over",
        "test_amplitude_two",
    ),
)
