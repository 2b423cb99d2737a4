"""Runs of the real stages with a training that costs nothing, and a pipeline that watches the hand-overs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from ptyspec.contracts.bundles import Array, Container, Patches, array_digest
from ptyspec.contracts.records import EpochRecord, History
from ptyspec.contracts.resolve import Layer, Resolved, resolve
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.pipeline.normalize import coarse_patches
from ptyspec.pipeline.protocol import Containers, Pipeline, Session, Trained
from ptyspec.pipeline.reference import ReferencePipeline

SMALL: dict[str, dict[str, Any]] = {
    "object": {"size": 96},
    "scan": {"n_images": 40},
    "dose": {"nphotons": 1e6},
    "grouping": {"n_groups": 16},
    "model": {"N": 32, "gridsize": 2},
    "inference": {"iterative_sweeps": 1},
}


def small(**parts: dict[str, Any]) -> Resolved:
    """A scenario of 40 frames; parts override key by key."""
    merged = {name: SMALL.get(name, {}) | parts.get(name, {}) for name in {*SMALL, *parts}}
    return resolve([Layer("small", {"name": "small", **merged})])


class Untrained(ReferencePipeline):
    """The reference pipeline, whose generator is the trivial estimate times its only weight."""

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        epoch = EpochRecord(
            epoch=1, learning_rate=1e-3, seconds=0.0, finite=True, metrics={"loss": 1.0}
        )
        weights = [np.full(1, containers.train.a0)]
        return Trained(
            weights,
            [np.ones(1)],
            History(monitor="loss", best_epoch=1, epochs=(epoch,)),
            self._predict,
        )

    def _predict(self, weights: list[Array], container: Container) -> Patches:
        patches = weights[0] * coarse_patches(container, np.arange(container.size))
        return Patches(
            object=patches.astype(np.complex64),
            coords=container.groups.coords,
            probe=container.probe,
        )


@dataclass(frozen=True)
class Call:
    """One call of a stage: its arguments after the scenario, their digests before and after, what it returned."""

    stage: str
    scenario: Scenario
    given: tuple[Any, ...]
    before: str
    after: str
    made: Any


@dataclass
class Watching:
    """Stands in for a pipeline, passes every call on and keeps it."""

    pipeline: Pipeline = field(default_factory=Untrained)
    calls: list[Call] = field(default_factory=list)
    name: str = "watching"

    def __getattr__(self, stage: str) -> Any:
        if stage not in STAGES:
            raise AttributeError(stage)

        def call(scenario: Scenario, *given: Any) -> Any:
            before = digest(given)
            made = getattr(self.pipeline, stage)(scenario, *given)
            self.calls.append(Call(stage, scenario, given, before, digest(given), made))
            return made

        return call

    def first(self, stage: str) -> Call:
        """The stage's first call: the score stage calls stitch and score again for the controls."""
        return next(call for call in self.calls if call.stage == stage)


def digest(value: Any) -> str:
    """Text that changes with any bit of any array inside; functions and watchers count by their type alone."""
    if isinstance(value, np.ndarray):
        return array_digest(value)
    if isinstance(value, BaseModel):
        return digest(dict(value))
    if is_dataclass(value):
        return digest({f.name: getattr(value, f.name) for f in fields(value)})
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {digest(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(digest, value))}]"
    return (
        repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    )
