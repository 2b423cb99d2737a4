"""Images move the other way (failure signature 18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _flipped(translate: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(image: Array, dx: Array, dy: Array, *kind: Any, **named: Any) -> Array:
        return translate(image, -np.asarray(dx), -np.asarray(dy), *kind, **named)

    return wrong


FAULT = Fault(
    id="move-sign-flipped",
    stage="simulate",
    story="a translation by (+dx, +dy) moves the content to the left and up",
    patches=(Patch("ptyspec.physics.interpolate:translate", _flipped),),
    red=("TRANSLATE-001", "MERGE-001"),
    green=("TRANSLATE-003", "MERGE-002"),
    signatures=(18,),
)
