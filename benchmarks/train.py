"""Stage 5: training steps."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.measure import Row, rate, repeated
from benchmarks.scene import CASES, network, prepared
from ptyspec.contracts.bundles import Array, Container
from ptyspec.networks.framework import keras
from ptyspec.pipeline.normalize import batch

PATCHES = 512


def measure() -> list[Row]:
    """Time one epoch of training steps, batches included, after the graph was traced."""
    rows = []
    for name, recipe in CASES:
        scenario, containers = prepared(name, recipe, PATCHES)
        model, _ = network(scenario, containers)
        optimizer = keras.optimizers.Adam(scenario.training.learning_rate)
        model.compile(optimizer=optimizer, jit_compile=False)
        size, data = scenario.training.batch_size, containers.train
        steps = [np.arange(start, start + size) for start in range(0, data.size - size + 1, size)]
        count = len(steps) * size * data.groups.C
        rows.append(
            rate(
                f"train, {recipe}, {name[:3]}",
                count,
                repeated(partial(_epoch, model, data, steps), times=3),
                None,
                "patches",
            )
        )
    return rows


def _epoch(model: keras.Model, data: Container, steps: list[Array]) -> None:
    for chosen in steps:
        model.train_on_batch(*batch(data, chosen))
