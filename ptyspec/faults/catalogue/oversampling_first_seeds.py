"""The pool of oversampled groups is filled from the first frames (failure signature 23)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.errors import OversamplingError
from ptyspec.faults.fault import Fault, Patch


class _First(np.random.Generator):
    """Draws of which a permutation knows the first half alone."""

    def permutation(self, x: Any, axis: int = 0) -> Any:
        return np.arange(max(1, int(x) // 2))


def _biased(oversampled: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(wanted: int, nearest: Array, members: int, draws: np.random.Generator) -> Array:
        try:
            return oversampled(wanted, nearest, members, _First(draws.bit_generator))
        except OversamplingError:
            return oversampled(wanted, nearest, members, draws)

    return wrong


FAULT = Fault(
    id="oversampling-first-seeds",
    stage="group",
    story="oversampled groups grow from the first half of the frames",
    patches=(Patch("ptyspec.pipeline.group:_oversampled", _biased),),
    red=("GROUP-006",),
    green=("GROUP-008", "GROUP-010"),
    signatures=(23,),
)
