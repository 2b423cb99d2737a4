"""One model | another in the same process: each is what its own scenario says (MODULE-SINGLETON-001)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Container
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.normalize import batch
from ptyspec.spec.checks import Check
from tests.tiny_runs import SHALLOW, prepared, tiny

ORDERS = {"gs1-then-gs2": (1, 2), "gs2-then-gs1": (2, 1), "gs2-gs1-gs2": (2, 1, 2)}


def model_of(grid: int) -> tuple[Scenario, Container, Any]:
    from ptyspec.pipeline.train import build_model, canvas_side

    made, data = tiny(f"gs{grid}_custom", *SHALLOW).scenario, prepared(f"gs{grid}_custom", *SHALLOW)
    return made, data.test, build_model(made, data.test, canvas_side(made, data))


@pytest.mark.clause("MODULE-SINGLETON-001")
@pytest.mark.parametrize("order", ORDERS)
def test_every_model_of_a_process_has_the_shapes_and_flags_of_its_own_scenario(
    clause: Check, order: str
) -> None:
    built = [
        (grid, *model_of(grid)) for grid in ORDERS[order]
    ]  # all of them stay, as a session's models do
    for grid, scenario, data, model in built:
        inputs = batch(data, np.arange(2))[0]
        clause.shape_dtype(
            inputs["measured"],
            (2, 32, 32, grid**2),
            np.float32,
            f"network input at gridsize {grid}",
        )
        for part in model(inputs)[-1]:
            clause.shape_dtype(
                np.asarray(part), (2, 32, 32, grid**2), np.float32, f"object at gridsize {grid}"
            )
        forward = model.generator.forward
        need = 32 if grid == 1 else required_canvas(data.groups.coords_relative, 32)
        clause.equal(
            (model.members, forward.members),
            (grid**2, scenario.members),
            f"members at gridsize {grid}",
        )
        clause.equal(
            model.generator.merges,
            scenario.model.object_big and grid > 1,
            f"merging at gridsize {grid}",
        )
        clause.holds(
            forward.canvas >= need and (grid > 1 or forward.canvas == need),
            "canvas",
            forward.canvas,
            need,
        )
        clause.equal(len(model.generator.nets), scenario.model.stages, f"stages at gridsize {grid}")


@pytest.mark.clause("MODULE-SINGLETON-001")
def test_two_models_share_no_weight(clause: Check) -> None:
    first, second = (model_of(grid)[2] for grid in (1, 2))
    shared = {id(weight) for weight in first.weights} & {id(weight) for weight in second.weights}
    clause.equal(shared, set(), "weights of both")
    before = [weight.numpy() for weight in second.weights]
    for weight in first.trainable_weights:
        weight.assign(weight + 1.0)
    unchanged = [np.array_equal(a, b.numpy()) for a, b in zip(before, second.weights, strict=True)]
    clause.holds(all(unchanged), "weights of one after those of the other were changed", unchanged)
