"""The last part of the groups validates, wherever they lie (failure signature 80)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _wrong(divide: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Any, groups: int) -> tuple[Array, Array]:
        training, _ = divide(scenario, groups)
        rows = np.arange(groups)
        return rows[: len(training)], rows[len(training) :]

    return wrong


FAULT = Fault(
    id="last-groups-validate",
    stage="train",
    story="ordered groups validate at one edge of the scan",
    patches=(Patch("ptyspec.pipeline.train:_divide", _wrong),),
    red=("HIST-006",),
    green=("HIST-007", "MATH-POLAR-001"),
    cost="parity",
    signatures=(80,),
    cases=(
        "test_groups_validate_all_over_the_area",
        "test_validation_rows_and_training_rows_are_disjoint",
        "test_amplitude_two",
    ),
)
