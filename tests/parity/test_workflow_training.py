"""The training stage in the workflow: what it refuses, what it leaves alone, which weights go on, which rows validate."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.records import EpochRecord
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import CanvasError, HeadRangeError, TooFewPointsError, TrainingDivergedError
from ptyspec.pipeline import checkpoint
from ptyspec.pipeline.infer import infer
from ptyspec.pipeline.protocol import Containers, Progress, Session
from ptyspec.runs.run import run
from ptyspec.spec.checks import Check
from tests.evidence import Training, evidence, load_training, save_training
from tests.tiny_runs import SHALLOW, fit, prepared, tiny
from tests.walks import digest

LOOP = (*SHALLOW, "training.batch_size=8", "training.validation_fraction=0.2")
"""40 groups: 32 train in 4 steps, 8 validate."""


def scenario(*settings: str) -> Scenario:
    return tiny("gs1_custom", *LOOP, *settings).scenario


def data() -> Containers:
    return prepared("gs1_custom", *LOOP)


def train_once(folder: Path) -> None:
    save_training(folder, "finished", fit(scenario("training.nepochs=3"), data()))


@pytest.fixture(scope="module")
def finished(request: pytest.FixtureRequest) -> Iterator[Training]:
    with evidence(request, train_once) as folder:
        yield load_training(folder, "finished")


class NoStep(Progress):
    """A training that was refused has made no step."""

    def step(self, done: int, total: int, note: str = "") -> None:
        raise AssertionError("a step was made")


REFUSED: dict[str, tuple[tuple[str, ...], type[Exception]]] = {
    "head": (
        ("gs1_custom", "model.amp_activation=sigmoid", "model.architecture=cnn"),
        HeadRangeError,
    ),
    "canvas": (("gs2_custom", "model.canvas=34"), CanvasError),
    "batch": (("gs1_custom", "training.batch_size=64"), TooFewPointsError),
}


@pytest.mark.clause("FLOW-005")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_trained_is_refused_by_training_before_its_first_step(
    name: str, clause: Check
) -> None:
    (target, *settings), error = REFUSED[name]
    with clause.raises_at("train", error, f"{target} with {settings}"):
        run(tiny(target, *settings), session=Session(NoStep()))


@pytest.fixture
def global_generators() -> Iterator[None]:
    before = random.getstate(), np.random.get_state()
    yield
    random.setstate(before[0])
    np.random.set_state(before[1])


def seeded(seed: int) -> Any:
    from ptyspec.networks.framework import keras

    keras.utils.set_random_seed(seed)  # Python, numpy and the framework
    return state()


def state() -> Any:
    return random.getstate(), repr(np.random.get_state())


@pytest.mark.clause("DET-003", "FLOW-004")
@pytest.mark.usefixtures("global_generators")
def test_training_neither_reads_nor_moves_a_global_generator_and_leaves_its_data_alone(
    clause: Check,
) -> None:
    given, made = digest(data()), []
    for seed in (1, 2):
        before = seeded(seed)
        trained = fit(scenario(), data())
        clause.equal(state(), before, "state of random and of numpy.random")
        made.append(digest((trained.untrained, trained.weights)))
    clause.equal(made[1], made[0], "weights after other global seeds")
    clause("FLOW-004").equal(digest(data()), given, "containers after training")


class States(Progress):
    """Keeps each epoch's checkpoint."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: list[checkpoint.State] = []

    def epoch(self, record: EpochRecord, total: int) -> None:
        found = checkpoint.load(self.folder)
        assert found is not None
        self.kept.append(found)


@pytest.mark.clause("HIST-003")
def test_inference_uses_the_weights_of_the_best_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clause: Check
) -> None:
    from ptyspec.pipeline import train

    told = iter([3.0, 1.0, 2.0])
    monkeypatch.setattr(train._Run, "_validate", lambda self, epoch: next(told))
    settings, states = scenario("training.nepochs=3"), States(tmp_path)
    trained = fit(settings, data(), Session(states, checkpoints=tmp_path))
    patches = infer(settings, trained, data().test).object
    clause.equal(trained.history.best_epoch, 2, "best epoch")
    clause.equal(
        patches,
        trained.predict(states.kept[1].weights, data().test).object,
        "patches by the second epoch",
    )
    last = trained.predict(states.kept[2].weights, data().test).object
    clause.holds(not np.array_equal(patches, last), "the last epoch would have given others")


def breaking(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Make a weight NaN by the update of this step (from 1), whose loss is finite."""
    from ptyspec.networks.reconstructor import Reconstructor

    plain, done = Reconstructor.train_on_batch, [0]

    def train_on_batch(self: Reconstructor, *given: Any, **more: Any) -> Any:
        loss = plain(self, *given, **more)
        done[0] += 1
        if done[0] == step:
            weight = self.trainable_variables[0]
            weight.assign(np.full(weight.shape, np.nan, np.float32))
        return loss

    monkeypatch.setattr(Reconstructor, "train_on_batch", train_on_batch)


@pytest.mark.clause("HIST-005")
def test_a_last_update_that_breaks_the_weights_is_seen_although_every_loss_was_finite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clause: Check
) -> None:
    breaking(monkeypatch, step=10)
    made = scenario(
        "training.validation_fraction=0", "training.monitor=loss"
    )  # 5 steps an epoch, 2 epochs
    with clause.raises_at(
        "train", TrainingDivergedError, "NaN in a weight", mentions="a weight became nan in epoch 2"
    ):
        fit(made, data(), Session(checkpoints=tmp_path))
    state = checkpoint.load(tmp_path)
    clause.equal(state and state.epoch, 1, "last finite epoch")
    for array in (*state.weights, *state.best) if state else ():
        clause.finite(array, "weights of the checkpoint")


@pytest.mark.clause("HIST-005")
def test_the_weights_of_a_finished_training_are_finite(finished: Training, clause: Check) -> None:
    for array in finished.weights:
        clause.finite(array, "kept weights")


@pytest.mark.clause("HIST-006")
def test_groups_validate_all_over_the_area_even_where_they_are_ordered_by_position(
    clause: Check,
) -> None:
    from ptyspec.pipeline.train import _divide

    centres = data().train.groups.coords_offsets[:, 0, :, 0]
    ordered = centres[np.argsort(centres[:, 1])]  # row by row, as a raster scan gives them
    made = scenario()
    seeded = (
        made.model_copy(update={"seeds": made.seeds.model_copy(update={"training": n})})
        for n in range(64)
    )
    validation = np.concatenate([_divide(each, len(ordered))[1] for each in seeded])
    extent = np.ptp(ordered, axis=0)
    clause.close(
        ordered[validation].mean(axis=0) / extent,
        ordered.mean(axis=0) / extent,
        "mean position / extent",
    )


@pytest.mark.clause("HIST-001")
def test_a_history_has_a_complete_record_of_every_epoch(finished: Training, clause: Check) -> None:
    clause.equal([record.epoch for record in finished.history.epochs], [1, 2, 3], "epochs")
    for record in finished.history.epochs:
        clause.equal(set(record.metrics), {"loss", "val_loss"}, f"losses of epoch {record.epoch}")
        clause.finite(
            [value or 0.0 for value in record.metrics.values()], f"losses of epoch {record.epoch}"
        )
        clause.equal(record.finite, True, f"finite flag of epoch {record.epoch}")
        clause.holds(
            record.learning_rate >= 0 and record.seconds > 0,
            f"rate and time of epoch {record.epoch}",
        )
