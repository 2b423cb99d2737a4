"""A bundle beside itself: twice, saved and loaded, best beside last (specs/spec-inference-pipeline.md)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, Patches
from ptyspec.pipeline import checkpoint
from ptyspec.pipeline.infer import infer
from ptyspec.pipeline.protocol import Containers, Session, Trained
from ptyspec.pipeline.stitch import stitch
from ptyspec.spec.checks import Check
from tests.tiny_runs import SHALLOW, fit, prepared, same, tiny

SCENARIO = tiny("gs1_custom", *SHALLOW, "training.batch_size=8", "training.nepochs=3").scenario
BEST = 2
"""The epoch whose validation loss is told to be the smallest: neither the first nor the last."""


def data() -> Containers:
    return prepared("gs1_custom", *SHALLOW, "training.batch_size=8", "training.nepochs=3")


class Epochs:
    """Keeps the weights of every epoch as its checkpoint holds them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.states = folder, list[checkpoint.State]()

    def step(self, done: int, total: int, note: str = "") -> None:
        """Nothing."""

    def epoch(self, record: Any, total: int) -> None:
        state = checkpoint.load(self.folder)
        assert state is not None
        self.states.append(state)


@cache
def bundle() -> tuple[Trained, list[checkpoint.State]]:
    """A training of three epochs, the second the best, and what was saved after each."""
    from ptyspec.pipeline import train

    told = mock.patch.object(train._Run, "_validate", side_effect=[3.0, 1.0, 2.0])
    with TemporaryDirectory() as name, told:
        epochs = Epochs(Path(name))
        made = fit(SCENARIO, data(), Session(epochs, checkpoints=Path(name)))  # type: ignore[arg-type]
        return made, epochs.states


def rebuilt(weights: list[Array]) -> Patches:
    """What a model that is built anew predicts with these weights."""
    from ptyspec.pipeline.train import assign, build_model, canvas_side, predict_patches

    model = build_model(SCENARIO, data().train, canvas_side(SCENARIO, data()))
    assign(model, weights)
    return predict_patches(model, data().test, SCENARIO.inference.batch_size, Session())


@pytest.mark.clause("INFER-002")
def test_two_inferences_on_one_bundle_give_equal_patches_and_objects(clause: Check) -> None:
    trained, _ = bundle()
    first = infer(SCENARIO, trained, data().test)
    trained.predict(trained.untrained, data().train)  # another use in between
    second = infer(SCENARIO, trained, data().test)
    clause.equal(second.object, first.object, "patches")
    made, again = stitch(SCENARIO, first), stitch(SCENARIO, second)
    clause.equal(again.object, made.object, "object")
    clause.equal(again.coverage, made.coverage, "coverage")


@pytest.mark.clause("INFER-003", "INFER-004")
def test_the_saved_best_weights_predict_in_a_new_model_what_the_bundle_predicts(
    clause: Check,
) -> None:
    trained, states = bundle()
    assert states[-1].best_epoch == trained.history.best_epoch == BEST
    here = infer(SCENARIO, trained, data().test).object
    clause("INFER-003").equal(
        rebuilt(states[-1].best).object, here, "patches of the loaded weights"
    )
    clause("INFER-004").equal(
        rebuilt(states[BEST - 1].weights).object, here, "patches of the best epoch's weights"
    )


@pytest.mark.clause("INFER-003", "INFER-004")
def test_untrained_and_last_weights_would_predict_something_else(clause: Check) -> None:
    """Positive control."""
    trained, states = bundle()
    here = infer(SCENARIO, trained, data().test).object

    def distance(weights: list[Array]) -> float:
        return float(
            np.linalg.norm(trained.predict(weights, data().test).object - here)
            / np.linalg.norm(here)
        )

    best, last = states[BEST - 1].weights, states[-1].weights
    clause("INFER-003").detects(
        distance, best, trained.untrained, "distance to the bundle", at_least=1e-3
    )
    clause("INFER-004").detects(distance, best, last, "distance to the bundle", at_least=1e-4)
    assert not same(best, last)


@pytest.mark.clause("INFER-003")
def test_the_saved_state_holds_every_weight_of_the_model(clause: Check) -> None:
    trained, states = bundle()
    shapes = [w.shape for w in trained.weights]
    clause.equal([w.shape for w in states[-1].best], shapes, "shapes of the saved weights")
    for saved, kept in zip(states[-1].best, trained.weights, strict=True):
        clause.equal(saved, kept, "a saved weight")
