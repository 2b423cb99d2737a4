"""Positive controls of the audit `hyperparameters`: histories and objects that a wrong training would leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.records import EpochRecord, History

Spoil = Callable[[Material], Material]


def _history(change: Callable[[History], dict[str, Any]]) -> Spoil:
    """What changes the recorded history."""

    def spoil(material: Material) -> Material:
        history = material.history
        assert history is not None
        return material.replaced(history=history.model_copy(update=change(history)))

    return spoil


def _last(change: Callable[[History, EpochRecord], dict[str, Any]]) -> Spoil:
    """What changes the record of the last epoch."""

    def spoiled(history: History) -> dict[str, Any]:
        *before, last = history.epochs
        return {"epochs": (*before, last.model_copy(update=change(history, last)))}

    return _history(spoiled)


def _half_rate(history: History) -> dict[str, Any]:
    halved = (
        epoch.model_copy(update={"learning_rate": epoch.learning_rate / 2})
        for epoch in history.epochs
    )
    return {"epochs": tuple(halved)}


def _gain_left(material: Material) -> Material:
    whole, gain = material.reconstruction, material.finished.stages["normalize"].numbers["gain"]
    darker = whole.model_copy(update={"object": whole.object * np.float32(gain)})
    return material.replaced(reconstruction=darker)


CONTROLS = (
    Control(
        "epochs-lost",
        "the last epoch of the history is gone",
        "HIST-001",
        _history(lambda history: {"epochs": history.epochs[:-1]}),
    ),
    Control(
        "monitor-lost",
        "the last epoch does not record the monitor",
        "HIST-002",
        _last(
            lambda history, last: {
                "metrics": {k: v for k, v in last.metrics.items() if k != history.monitor}
            }
        ),
    ),
    Control(
        "not-the-best",
        "weights of another epoch were kept than those of the smallest monitor",
        "HIST-003",
        _history(lambda history: {"best_epoch": 1 if history.best_epoch > 1 else 2}),
    ),
    Control(
        "not-finite",
        "an epoch met a value that is not finite, and training went on",
        "HIST-004",
        _last(lambda history, last: {"finite": False}),
    ),
    Control(
        "other-rate",
        "the optimiser worked at half the declared learning rate",
        "EVID-003",
        _history(_half_rate),
    ),
    Control("gain-left", "the loader's gain stayed in the object", "INFER-005", _gain_left),
)
