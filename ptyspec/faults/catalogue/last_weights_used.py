"""The best epoch is found and noted, and the weights of the last one are used (failure signature 78)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(fit: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(run: Any, untrained: Any) -> Any:
        state = fit(run, untrained)
        return replace(state, best=state.weights)

    return wrong


FAULT = Fault(
    id="last-weights-used",
    stage="infer",
    story="early stopping in the record alone",
    patches=(Patch("ptyspec.pipeline.train:_Run.fit", _wrong),),
    red=("INFER-004", "HIST-003"),
    green=("HIST-006", "MATH-POLAR-001"),
    cost="parity",
    signatures=(6, 78),
    cases=(
        "test_the_saved_best_weights_predict",
        "test_inference_uses_the_weights_of_the_best_epoch",
        "test_groups_validate_all_over",
        "test_amplitude_two",
    ),
)
