"""Runs small enough to train inside a test: a second of arithmetic, the rest is tracing. Made once a process, or once a store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, Container
from ptyspec.contracts.resolve import Resolved
from ptyspec.contracts.scenario import Scenario
from ptyspec.files.jsonfile import read_json
from ptyspec.pipeline.normalize import batch
from ptyspec.pipeline.protocol import Containers, Session, Trained
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.request import request

SMALL = (
    "model.N=32",
    "object.size=96",
    "scan.n_images=80",
    "grouping.n_groups=40",
    "training.nepochs=2",
    "inference.iterative_sweeps=10",
)
"""The data of every tiny run: 40 frames train, 40 others are reconstructed."""
SHALLOW = ("model.stages=1", "model.filters=[8]")
"""The cheapest generator that is still the unrolled one; for tests of the loop, not of the image."""
UNVALIDATED = (*SHALLOW, "training.validation_fraction=0", "training.monitor=loss")
"""Without a graph for validation; for tests of data and weights, not of the loop."""
DENSITY = 80 / 76**2
"""Frames a pixel of a tiny random scan: 80 on (96 - 2 x 10)^2."""
GRID = ("scan.kind=grid", "scan.n_images=81", f"scan.step={(1 / DENSITY) ** 0.5:.3f}")
"""A lattice as dense as that scan."""


def tiny(
    target: str = "gs1_custom", *settings: str, seed: int | None = None, recipe: str | None = None
) -> Resolved:
    return request(target, profile="quick", recipe=recipe, seed=seed, settings=[*SMALL, *settings])


@dataclass(frozen=True)
class Fitted:
    scenario: Scenario
    containers: Containers
    trained: Trained


@cache
def fitted(target: str, *settings: str) -> Fitted:
    """Stages 1 to 5 of a tiny scenario, once a process: where neither the result nor its controls are looked at."""
    scenario = tiny(target, *settings).scenario
    containers = prepare(scenario)
    return Fitted(scenario, containers, fit(scenario, containers))


@cache
def stored(target: str, *settings: str, recipe: str | None = None) -> Path:
    """The folder of a tiny scenario's finished run in the user's run store: made once a version of the code."""
    from ptyspec.runs.run import produce

    return produce(tiny(target, *settings, recipe=recipe))


def scores(folder: Path) -> dict[str, Any]:
    """The metrics of a stored run."""
    return dict(read_json(folder / "metrics.json"))


def object_of(folder: Path) -> Array:
    """The object of a stored run."""
    with np.load(folder / "reconstruction.npz") as file:
        return np.asarray(file["object"])


@cache
def prepared(target: str = "gs1_custom", *settings: str, recipe: str | None = None) -> Containers:
    """Stages 1 to 4 alone: nothing is trained, Keras is not imported."""
    return prepare(tiny(target, *settings, recipe=recipe).scenario)


def prepare(scenario: Scenario) -> Containers:
    walk = ReferencePipeline()
    return walk.normalize(
        scenario, walk.group(scenario, walk.split(scenario, walk.simulate(scenario)))
    )


def fit(scenario: Scenario, containers: Containers, session: Session | None = None) -> Trained:
    from ptyspec.pipeline.train import train

    return train(scenario, containers, session or Session())


def predict_once(model: Any, container: Container) -> Array:
    """Object patches (B, N, N, C) of every group, eager: a model that is asked once is not worth a trace."""
    re, im = model(batch(container, np.arange(container.size))[0])[-1]
    return np.asarray(re) + 1j * np.asarray(im)


def same(first: list[Array], second: list[Array]) -> bool:
    """True where two lists of weights are equal bit by bit."""
    return len(first) == len(second) and all(
        np.array_equal(a, b) for a, b in zip(first, second, strict=True)
    )


def digest(array: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def relative_l2(value: Any, reference: Any) -> float:
    """|value - reference| / |reference|, both flattened."""
    value, reference = np.asarray(value), np.asarray(reference)
    assert value.shape == reference.shape
    return float(np.linalg.norm(value - reference) / np.linalg.norm(reference))
