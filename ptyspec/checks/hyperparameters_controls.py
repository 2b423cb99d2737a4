"""Positive controls of the audit `hyperparameters`: histories and objects that a wrong training would leave."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.records import EpochRecord, History


def _with_history(change: Callable[[History], History]) -> Callable[[Material], Material]:
    def spoil(material: Material) -> Material:
        history = material.history
        assert history is not None
        return material.replaced(history=change(history))

    return spoil


def _last(history: History, **changed: object) -> History:
    """The history with its last epoch changed."""
    last = history.epochs[-1].model_copy(update=changed)
    return history.model_copy(update={"epochs": (*history.epochs[:-1], last)})


def _without_monitor(history: History) -> History:
    last = history.epochs[-1]
    return _last(
        history,
        metrics={key: value for key, value in last.metrics.items() if key != history.monitor},
    )


def _other_kept(history: History) -> History:
    """Another epoch than the best: the first one, or the second where the first is best."""
    return history.model_copy(update={"best_epoch": 1 if history.best_epoch > 1 else 2})


def _other_rate(history: History) -> History:
    def halved(epoch: EpochRecord) -> EpochRecord:
        return epoch.model_copy(update={"learning_rate": epoch.learning_rate / 2})

    return history.model_copy(update={"epochs": tuple(halved(epoch) for epoch in history.epochs)})


def _gain_left(material: Material) -> Material:
    made, gain = material.reconstruction, material.finished.stages["normalize"].numbers["gain"]
    return material.replaced(
        reconstruction=made.model_copy(update={"object": made.object * np.float32(gain)})
    )


CONTROLS = (
    Control(
        "epochs-lost",
        "the last epoch of the history is gone",
        "HIST-001",
        _with_history(lambda found: found.model_copy(update={"epochs": found.epochs[:-1]})),
    ),
    Control(
        "monitor-lost",
        "the last epoch does not record the monitor",
        "HIST-002",
        _with_history(_without_monitor),
    ),
    Control(
        "not-the-best",
        "weights of another epoch were kept than those of the smallest monitor",
        "HIST-003",
        _with_history(_other_kept),
    ),
    Control(
        "not-finite",
        "an epoch met a value that is not finite, and training went on",
        "HIST-004",
        _with_history(lambda found: _last(found, finite=False)),
    ),
    Control(
        "other-rate",
        "the optimiser worked at half the declared learning rate",
        "EVID-003",
        _with_history(_other_rate),
    ),
    Control("gain-left", "the loader's gain stayed in the object", "INFER-005", _gain_left),
)
