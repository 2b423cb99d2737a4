"""How training behaves: its seeds, its rates, what it keeps, what it holds back, and how it ends badly (design 6, 12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, Container
from ptyspec.contracts.records import EpochRecord
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import TooFewPointsError, TrainingDivergedError, TrainingInterruptedError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.pipeline import checkpoint
from ptyspec.pipeline.protocol import Containers, Progress, Session
from ptyspec.spec.checks import Check
from tests.evidence import Training, evidence, load_training, save_training
from tests.tiny_runs import SHALLOW, fit, prepared, same, tiny

LOOP = (*SHALLOW, "training.batch_size=8", "training.validation_fraction=0.2")
"""40 groups: 32 train in 4 steps, 8 validate."""


def scenario(*settings: str) -> Scenario:
    return tiny("gs1_custom", *LOOP, *settings).scenario


def data() -> Containers:
    return prepared("gs1_custom", *LOOP)


@dataclass
class Watch(Progress):
    """Keeps every epoch and the weights that its checkpoint holds; may break in at a step."""

    folder: Path | None = None
    epochs: list[EpochRecord] = field(default_factory=list)
    states: list[checkpoint.State] = field(default_factory=list)
    steps: int = 0
    stop_after: int | None = None

    def step(self, done: int, total: int, note: str = "") -> None:
        self.steps += 1
        if self.steps == self.stop_after:
            raise KeyboardInterrupt

    def epoch(self, record: EpochRecord, total: int) -> None:
        self.epochs.append(record)
        if self.folder is not None:
            state = checkpoint.load(self.folder)
            assert state is not None
            self.states.append(state)


def poisoned(container: Container, rows: Array) -> Container:
    """The same container with one NaN in each of these groups' frames."""
    scan = container.groups.scan
    frames = scan.diff3d.copy()
    frames[container.groups.nn_indices[rows].ravel(), 3, 4] = np.nan
    return container.model_copy(
        update={
            "groups": container.groups.model_copy(
                update={"scan": scan.model_copy(update={"diff3d": frames})}
            )
        }
    )


def divided(made: Scenario) -> tuple[Array, Array]:
    from ptyspec.pipeline.train import _divide

    return _divide(made, data().train.size)


def train_thrice(folder: Path) -> None:
    """Twice with one seed, the second time beside a file that is no checkpoint; and with another."""
    for name, seed in {"first": (), "other": ("seeds.training=43",)}.items():
        save_training(folder, name, fit(scenario(*seed), data()))
    with TemporaryDirectory() as place:
        (Path(place) / checkpoint.NAME).write_bytes(b"not even an archive")
        beside = Session(checkpoints=Path(place), resume=False)
        save_training(folder, "again", fit(scenario(), data(), beside))
        state = checkpoint.load(Path(place))
        assert state is not None
        np.savez(folder / "checkpoint.npz", *state.best)


@pytest.fixture(scope="module")
def thrice(request: pytest.FixtureRequest) -> Iterator[Path]:
    with evidence(request, train_thrice, "seeds") as folder:
        yield folder


@pytest.fixture
def trainings(thrice: Path) -> list[Training]:
    return [load_training(thrice, name) for name in ("first", "again", "other")]


@pytest.mark.clause("DET-002", "FLOW-003")
def test_the_same_seed_gives_the_same_weights_bit_by_bit_and_another_seed_others(
    clause: Check, trainings: list[Training]
) -> None:
    first, again, other = trainings
    memory = clause("FLOW-003")
    memory.holds(same(first.weights, again.weights), "equal weights for equal seeds")
    records = [one.history.epochs[0].metrics for one in (first, again)]
    memory.equal(*records, "metrics of the first epoch")
    named = clause("DET-002")
    named.holds(not same(first.weights, other.weights), "other weights for another seed")
    named.holds(not same(first.untrained, other.untrained), "other initial weights")
    assert not same(first.weights, first.untrained)


@pytest.mark.clause("HIST-001")
def test_the_history_holds_both_losses_and_rates_that_rise_and_then_fall() -> None:
    watch = Watch()
    made = fit(
        scenario("training.nepochs=6", "training.warmup_fraction=0.5"), data(), Session(watch)
    )
    records = made.history.epochs
    assert list(records) == watch.epochs
    assert [r.epoch for r in records] == [1, 2, 3, 4, 5, 6]
    assert all(
        set(r.metrics) == {"loss", "val_loss"} and r.finite and r.seconds > 0 for r in records
    )
    rates = [r.learning_rate for r in records]
    assert rates[0] < rates[1] < rates[2] <= 2e-3 * (1 + 1e-6)
    assert rates[2] > rates[3] > rates[4] > rates[5]
    assert rates[5] == pytest.approx(0, abs=1e-9)
    assert rates[2] == pytest.approx(2e-3, rel=1e-5)  # the peak, after half of the 24 steps
    losses = [r.metrics["loss"] for r in records]
    assert losses[-1] < 0.8 * losses[0]  # type: ignore[operator]


@pytest.mark.clause("HIST-003", "HIST-002")
@pytest.mark.parametrize("monitor", ["val_loss", "loss"])
def test_the_weights_that_are_kept_are_those_of_the_best_epoch_by_the_declared_monitor(
    clause: Check, monitor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptyspec.pipeline import train

    told = iter([3.0, 1.0, 2.0, 1.0])  # the second is the best, and the first of equals
    monkeypatch.setattr(train._Run, "_validate", lambda self, epoch: next(told))
    watch = Watch(tmp_path)
    made = fit(
        scenario("training.nepochs=4", f"training.monitor={monitor}"),
        data(),
        Session(watch, checkpoints=tmp_path),
    )
    values = [r.metrics[monitor] for r in made.history.epochs]
    best = int(np.argmin(values))  # type: ignore[arg-type]
    clause("HIST-002").equal(made.history.monitor, monitor, "declared monitor")
    kept = clause("HIST-003")
    kept.equal(made.history.best_epoch, best + 1, "best epoch")
    kept.equal(best + 1, {"val_loss": 2, "loss": 4}[monitor], "epoch of the smallest value")
    kept.holds(same(made.weights, watch.states[best].weights), "kept weights")
    assert not same(watch.states[1].weights, watch.states[3].weights)


@pytest.mark.clause("HIST-007")
def test_validation_rows_and_training_rows_are_disjoint_and_together_all() -> None:
    training, validation = divided(scenario())
    assert len(validation) == 8
    assert sorted([*training, *validation]) == list(range(40))


@pytest.mark.clause("HIST-006")
def test_validation_rows_lie_all_over_the_training_area() -> None:
    groups = data().train.groups
    _, validation = divided(scenario())
    centres = groups.coords_offsets[:, 0, :, 0]
    extent = np.ptp(centres, axis=0)
    assert (np.ptp(centres[validation], axis=0) > 0.5 * extent).all()
    assert (np.abs(centres[validation].mean(axis=0) - centres.mean(axis=0)) < 0.25 * extent).all()
    assert set(validation) != set(range(32, 40))  # not the last rows


@pytest.mark.clause("HIST-007")
def test_a_validation_row_never_trains(tmp_path: Path) -> None:
    """Poison in the rows that are held back is met by validation first, after a whole epoch of training."""
    _, validation = divided(scenario())
    bad = Containers(poisoned(data().train, validation), data().test)
    watch = Watch()
    with pytest.raises(TrainingDivergedError, match=r"val_loss became nan in epoch 1"):
        fit(scenario(), bad, Session(watch))
    assert watch.steps == 4


@pytest.mark.clause("HIST-004")
def test_a_loss_that_is_not_finite_ends_training_at_once_and_names_the_step() -> None:
    training, _ = divided(scenario())
    bad = Containers(poisoned(data().train, training), data().test)
    watch = Watch()
    with pytest.raises(
        TrainingDivergedError, match=r"^loss became nan in epoch 1, step 1"
    ) as error:
        fit(scenario(), bad, Session(watch))
    assert watch.steps == 0
    assert error.value.exit_code == 3
    assert "training.learning_rate" in str(error.value)


@pytest.mark.clause("HIST-004")
def test_a_learning_rate_that_is_far_too_high_is_reported_as_divergence() -> None:
    with pytest.raises(TrainingDivergedError) as error:
        fit(
            scenario(
                "training.learning_rate=1e30", "training.nepochs=4", "training.warmup_fraction=0"
            ),
            data(),
        )
    assert "1e+30" in str(error.value)
    assert "lower the learning rate" in str(error.value)


@pytest.mark.clause("HIST-004")
def test_after_divergence_the_last_finite_state_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptyspec.pipeline import train

    watch, batch = Watch(tmp_path), train.batch

    def breaks_in_epoch_3(container: Container, rows: Array) -> Any:
        inputs, amplitude = batch(container, rows)
        return inputs, amplitude * (np.float32(np.nan) if len(watch.epochs) == 2 else np.float32(1))

    monkeypatch.setattr(train, "batch", breaks_in_epoch_3)
    with pytest.raises(TrainingDivergedError, match="epoch 3, step 1") as error:
        fit(scenario("training.nepochs=5"), data(), Session(watch, checkpoints=tmp_path))
    assert str(tmp_path) in str(error.value)
    state = checkpoint.load(tmp_path)
    assert state is not None
    assert state.epoch == 2
    assert all(np.isfinite(a).all() for a in (*state.weights, *state.best, *state.optimizer))
    assert same(state.weights, watch.states[1].weights)


BREAKS = {"first-epoch": 1, "third-epoch": 11}
"""The step, from 1, at which a training is stopped by hand; an epoch has 4."""


def break_and_resume(folder: Path) -> None:
    """One training of four epochs without interruption; the same stopped, resumed and stopped again, resumed to its end."""
    made, watches, errors = scenario("training.nepochs=4"), [], []
    save_training(folder, "whole", fit(made, data()))
    with TemporaryDirectory() as place:
        for step in (*BREAKS.values(), None):
            # The first break leaves nothing to go on from: steps count from 1 again.
            watches.append(Watch(stop_after=step))
            session = Session(watches[-1], checkpoints=Path(place), resume=True)
            try:
                save_training(folder, "resumed", fit(made, data(), session))
            except TrainingInterruptedError as error:
                errors.append(str(error))
    for at, (name, error) in enumerate(zip(BREAKS, errors, strict=True), start=1):
        later = [record.epoch for watch in watches[at:] for record in watch.epochs]
        write_json(folder / f"{name}.said.json", {"error": error, "epochs": later})


@pytest.fixture(scope="module")
def interruptions(request: pytest.FixtureRequest) -> Iterator[Path]:
    with evidence(request, break_and_resume, "breaks") as folder:
        yield folder


@pytest.mark.expensive
@pytest.mark.clause("STORE-007")
@pytest.mark.parametrize("name", BREAKS)
def test_stopped_by_hand_and_resumed_training_ends_in_the_same_weights(
    name: str, interruptions: Path
) -> None:
    whole, resumed = (load_training(interruptions, one) for one in ("whole", "resumed"))
    said, done = read_json(interruptions / f"{name}.said.json"), (BREAKS[name] - 1) // 4
    assert "interrupted" in said["error"]
    assert f"{done} of 4 epochs are done" in said["error"]
    assert "--resume" in said["error"]
    assert said["epochs"] == list(range(done + 1, 5))
    assert same(resumed.weights, whole.weights)
    assert [r.metrics for r in resumed.history.epochs] == [r.metrics for r in whole.history.epochs]
    assert resumed.history.best_epoch == whole.history.best_epoch


def test_without_resume_a_checkpoint_is_not_looked_at(thrice: Path) -> None:
    with np.load(thrice / "checkpoint.npz") as best:
        assert same(list(best.values()), load_training(thrice, "again").weights)


def test_fewer_groups_than_a_batch_are_refused() -> None:
    with pytest.raises(TooFewPointsError, match="smaller than one batch"):
        fit(scenario("training.batch_size=64"), data())
