"""At which scale does the true object have the smallest loss, in the model that trains and on the batches it trains on?"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from ptyspec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ptyspec.contracts.arrays import Array

SMALL = (
    "model.N=32",
    "object.size=96",
    "scan.n_images=80",
    "grouping.n_groups=40",
    "model.stages=1",
    "model.filters=[8]",
)
REACH, STEPS = 3.0, 30
"""The scale is sought between exp(-REACH) and exp(REACH), in so many golden sections: to 3e-6 of it."""


def scale(
    seed: int, scenario: str, loss: str = "poisson", nphotons: float = 1e9, wrong: str = "nothing"
) -> dict[str, float]:
    """Return `scale`, by which the true object has to be multiplied for the smallest loss: 1 where the wiring is right.

    The batch, the forward model and the loss are those of a training: `Reconstructor.compute_loss` of the labels that
    `batch` hands it. `wrong`: nothing; `gain-in-the-loss` (a fault: labels that the loader's gain is left in); or
    `probe-twice`, a model whose probe was divided by probe_scale once more. Numbers: `scale`, and the loader's `gain`.
    Raises ConfigError for another.
    """
    from ptyspec.faults.apply import applied
    from ptyspec.pipeline.batches import batch
    from ptyspec.pipeline.reference import ReferencePipeline
    from ptyspec.pipeline.train import build_model, canvas_side
    from ptyspec.runs.request import request

    if wrong not in ("nothing", "gain-in-the-loss", "probe-twice"):
        raise ConfigError(
            "no such wiring",
            value=wrong,
            limit="nothing, gain-in-the-loss, probe-twice",
            source="arm",
        )
    own = (f"dose.nphotons={nphotons:g}", f"training.loss={loss}")
    asked = request(scenario, profile="quick", seed=seed, settings=[*SMALL, *own]).scenario
    walk = ReferencePipeline()
    containers = walk.normalize(asked, walk.group(asked, walk.split(asked, walk.simulate(asked))))
    data = containers.train
    seen = (
        data.model_copy(update={"probe": data.probe / asked.model.probe_scale})
        if wrong == "probe-twice"
        else data
    )
    model = build_model(asked, seen, canvas_side(asked, containers))
    rows = np.arange(data.size)
    with applied(wrong) if wrong == "gain-in-the-loss" else nullcontext():
        labels = batch(data, rows)[1]
    groups = data.groups
    assert groups.scan.objectGuess is not None
    true = _truth(
        groups.scan.objectGuess, groups.scan.positions[groups.nn_indices[rows]], groups.scan.N
    )

    def loss_at(log_scale: float) -> float:
        scaled = np.exp(log_scale) * true
        stage = (scaled.real.astype(np.float32), scaled.imag.astype(np.float32))
        return float(model.compute_loss(y=labels, y_pred=[stage]))

    return {"scale": float(np.exp(_lowest(loss_at))), "gain": float(data.gain)}


def _truth(obj: Array, positions: Array, size: int) -> Array:
    """True patches of every member, in the layout of a prediction: (B, N, N, C)."""
    from ptyspec.physics.geometry import extract_patches

    members = positions.shape[1]
    patches = extract_patches(obj, positions.reshape(-1, 2), size)
    return np.moveaxis(patches.reshape(-1, members, size, size), 1, -1)


def _lowest(loss_at: Callable[[float], float]) -> float:
    """Return the logarithm of the scale at which the loss is smallest, by golden sections; it has one minimum."""
    low, high = -REACH, REACH
    golden = (5**0.5 - 1) / 2
    for _ in range(STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss_at(left) < loss_at(right) else (left, high)
    return (low + high) / 2
