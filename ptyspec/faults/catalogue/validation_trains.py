"""The groups that validate train as well (failure signature 25)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _wrong(divide: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Any, groups: int) -> tuple[Array, Array]:
        training, validation = divide(scenario, groups)
        return np.concatenate([training, validation]), validation

    return wrong


FAULT = Fault(
    id="validation-trains",
    stage="train",
    story="a validation loss of groups that were learned by heart",
    patches=(Patch("ptyspec.pipeline.train:_divide", _wrong),),
    red=("HIST-007",),
    green=("HIST-006", "MATH-POLAR-001"),
    cost="parity",
    signatures=(25,),
    cases=(
        "test_validation_rows_and_training_rows_are_disjoint",
        "test_groups_validate_all_over_the_area",
        "test_amplitude_two",
    ),
)
