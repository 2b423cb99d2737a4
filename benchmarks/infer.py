"""Stage 6: patches from a generator. Untrained weights cost what trained ones cost."""

from __future__ import annotations

from functools import partial

from benchmarks.measure import Row, peak_rss_mb, rate, repeated
from benchmarks.scene import CASES, network, prepared
from ptyspec.pipeline.protocol import Session
from ptyspec.pipeline.train import predict_patches

PATCHES = 1024
BUDGETS = {"reference": 400, "cnn": 1000}


def measure() -> list[Row]:
    """Time prediction as a run does it (batches included), after the graph was traced."""
    rows = []
    for name, recipe in CASES:
        scenario, containers = prepared(name, recipe, PATCHES)
        model, container = network(scenario, containers)
        size, count = scenario.inference.batch_size, container.size * container.groups.C
        spent = repeated(partial(predict_patches, model, container, size, Session()), times=3)
        rows.append(rate(f"infer, {recipe}, {name[:3]}", count, spent, BUDGETS[recipe], "patches"))
    rows.append(Row("infer, peak memory of all of it", peak_rss_mb(), "MB"))
    return rows
