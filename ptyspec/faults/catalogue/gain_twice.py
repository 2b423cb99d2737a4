"""The gain is applied twice (failure signature 45)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _again(batch: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(container: Any, rows: Any) -> Any:
        inputs, amplitude = batch(container, rows)
        return {**inputs, "measured": np.float32(container.gain) * inputs["measured"]}, amplitude

    return wrong


FAULT = Fault(
    id="gain-twice",
    stage="normalize",
    story="the loader multiplies by g, and so does the batch",
    patches=(Patch("ptyspec.pipeline.batches:batch", _again),),
    red=("NORMALIZATION-001", "NORM-006"),
    green=("NORM-002",),
    signatures=(45,),
)
