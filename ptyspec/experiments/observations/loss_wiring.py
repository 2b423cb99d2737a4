"""At which scale does the true object have the smallest loss, in the model that trains and on the batches it trains on?"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from ptyspec.experiments.observations import SMALL, chosen, stage_outputs
from ptyspec.faults.apply import applied
from ptyspec.physics.geometry import extract_patches

REACH = 3.0
"""The scale is sought between exp(-REACH) and exp(REACH)."""


def scale(
    seed: int, scenario: str, loss: str = "poisson", nphotons: float = 1e9, wrong: str = "nothing"
) -> dict[str, float]:
    """Return `scale`, by which the true object has to be multiplied for the smallest loss: 1 where the wiring is right.

    The batch, the forward model and the loss are those of a training: `Reconstructor.compute_loss` of the labels that
    `batch` hands it. `wrong`: nothing; `gain-in-the-loss` (a fault: labels that the loader's gain is left in); or
    `probe-twice`, a model whose probe was divided by probe_scale once more. Numbers: `scale`, and the loader's `gain`.
    Raises ConfigError for another.
    """
    from ptyspec.pipeline.normalize import batch
    from ptyspec.pipeline.train import build_model, canvas_side

    fault = "gain-in-the-loss"
    faults = chosen({"nothing": (), fault: (fault,), "probe-twice": ()}, wrong, "wiring")
    own = ("model.stages=1", "model.filters=[8]", f"dose.nphotons={nphotons:g}")
    walk = stage_outputs(scenario, seed, [*SMALL, *own, f"training.loss={loss}"])
    asked, data = walk.scenario, walk.containers.train
    twice = {"probe": data.probe / asked.model.probe_scale} if wrong == "probe-twice" else {}
    side = canvas_side(asked, walk.containers)
    model = build_model(asked, data.model_copy(update=twice), side)
    rows = np.arange(data.size)
    with applied(*faults):
        labels = batch(data, rows)[1]
    scan, members = data.groups.scan, data.groups.scan.positions[data.groups.nn_indices[rows]]
    assert scan.objectGuess is not None
    # True patches of every member, in the layout of a prediction: (B, N, N, C).
    patches = extract_patches(scan.objectGuess, members.reshape(-1, 2), scan.N)
    true = np.moveaxis(patches.reshape(*members.shape[:2], scan.N, scan.N), 1, -1)

    def loss_at(log_scale: float) -> float:
        scaled = np.exp(log_scale) * true
        stage = (scaled.real.astype(np.float32), scaled.imag.astype(np.float32))
        return float(model.compute_loss(y=labels, y_pred=[stage]))

    return {"scale": float(np.exp(lowest(loss_at))), "gain": float(data.gain)}


def lowest(loss_at: Callable[[float], float]) -> float:
    """Return the logarithm of the scale at which the loss, which has one minimum, is smallest."""
    how = {"bounds": (-REACH, REACH), "method": "bounded", "options": {"xatol": 1e-6}}
    return float(minimize_scalar(loss_at, **how).x)
