"""The loader's gain stays in the object: the main cause of the recorded undershoot (failure signature 31)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Container
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch

Batch = tuple[dict[str, Array], Array]


def _gained_target(
    batch: Callable[[Container, Array], Batch],
) -> Callable[[Container, Array], Batch]:
    def wrong(container: Container, rows: Array) -> Batch:
        inputs, amplitude = batch(container, rows)
        return inputs, np.float32(container.gain) * amplitude

    return wrong


def _gained_level(build: Callable[..., Any]) -> Callable[..., Any]:
    """The rms amplitude of gained data holds the gain too: the same training in another unit."""

    def wrong(scenario: Scenario, container: Container, canvas: int) -> Any:
        return build(
            scenario, container.model_copy(update={"a0": container.gain * container.a0}), canvas
        )

    return wrong


FAULT = Fault(
    id="gain-kept",
    stage="train",
    story="the loss compares with g X, so that the network learns g x object, and nobody divides by g again",
    patches=(
        Patch("ptyspec.pipeline.batches:batch", _gained_target),
        Patch("ptyspec.pipeline.train:build_model", _gained_level),
    ),
    red=("INFER-005", "NORMALIZATION-001"),
    green=("COORDS-001", "FORWARD-001"),
    cost="parity",
    signatures=(31,),
    cases=("[gs2-random]", "test_the_gain_multiplies"),
)
