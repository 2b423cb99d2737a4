"""A pipeline that learns nothing and imports no framework: its patches are the trivial estimate. A run takes a blink."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, Container, Patches
from ptyspec.contracts.records import EpochRecord, History
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.normalize import coarse_patches
from ptyspec.pipeline.protocol import Containers, Session, Trained
from ptyspec.pipeline.reference import ReferencePipeline

WORDS = "pipeline=tests.trivial_pipeline:Trivial"


def predict(weights: list[Array], container: Container) -> Patches:
    """Patches of the trivial estimate."""
    made = container.a0 * coarse_patches(container, np.arange(container.size))
    return Patches(
        object=made.astype(np.complex64), coords=container.groups.coords, probe=container.probe
    )


class Trivial(ReferencePipeline):
    """Everything but a network."""

    name = "trivial"

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        """Nothing is fitted."""
        metrics: dict[str, Any] = {"loss": 1.0}
        epoch = EpochRecord(epoch=1, learning_rate=0.0, seconds=0.0, finite=True, metrics=metrics)
        return Trained([], [], History(monitor="loss", best_epoch=1, epochs=(epoch,)), predict)
