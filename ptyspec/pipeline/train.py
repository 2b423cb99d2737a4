"""Stage 5: fit the generator by Adam with warm-up and cosine, a checkpoint each epoch, a finite check each step."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ptyspec.contracts.bundles import Array, Container, Patches
from ptyspec.contracts.records import EpochRecord, History
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import TooFewPointsError, TrainingDivergedError, TrainingInterruptedError
from ptyspec.networks.framework import compiles, keras
from ptyspec.networks.reconstructor import Reconstructor
from ptyspec.networks.registry import check_reach
from ptyspec.physics.geometry import required_canvas
from ptyspec.physics.merge import check_canvas
from ptyspec.pipeline import checkpoint
from ptyspec.pipeline.checkpoint import between_steps
from ptyspec.pipeline.normalize import batch, full_batches
from ptyspec.pipeline.protocol import Containers, Session, Trained
from ptyspec.seeds import generator


def train(scenario: Scenario, containers: Containers, session: Session) -> Trained:
    """Return the generator with the weights of the best epoch by the declared monitor.

    Equal scenario, threads and backend give bit-identical weights, interrupted and resumed or not. Raises
    HeadRangeError and CanvasError before any step, TrainingDivergedError at the first non-finite loss,
    TrainingInterruptedError on Ctrl-C; the last checkpoint stays.
    """
    canvas = canvas_side(scenario, containers)
    check_reach(scenario, containers.train)
    model = build_model(scenario, containers.train, canvas)
    untrained = snapshot(model)
    training, validation = _divide(scenario, containers.train.size)
    optimizer = _optimizer(scenario, len(training))
    model.compile(optimizer=optimizer, jit_compile=compiles())
    optimizer.build(model.trainable_variables)
    run = _Run(scenario, model, containers.train, training, validation, session)
    state = run.fit(untrained)
    monitor = scenario.training.monitor
    history = History(monitor=monitor, best_epoch=state.best_epoch, epochs=state.records)

    def predict(weights: Sequence[Array], container: Container) -> Patches:
        assign(model, weights)
        return predict_patches(model, container, scenario.inference.batch_size, session)

    return Trained(state.best, untrained, history, predict)


def canvas_side(scenario: Scenario, containers: Containers) -> int:
    """Return the side of the canvas inside the model, large enough for both splits; raises CanvasError if set too small.

    A declared canvas is checked even where nothing is merged and the patch itself is the canvas (CANVAS-003).
    """
    size = scenario.model.N
    relatives = [part.groups.coords_relative for part in (containers.train, containers.test)]
    side = scenario.model.canvas or max(required_canvas(relative, size) for relative in relatives)
    for relative in relatives:
        check_canvas(relative, size, side)
    merges = scenario.members > 1 and scenario.model.object_big
    return side if merges else size


def build_model(scenario: Scenario, container: Container, canvas: int) -> Reconstructor:
    """Return a built, untrained model; its weights depend on the scenario's training seed alone."""
    mask = container.groups.scan.known_pixels
    model = Reconstructor(scenario, container.probe, container.a0, canvas, mask)
    inputs, _ = batch(container, np.zeros(1, int))
    model(inputs)
    return model


def snapshot(model: keras.Model) -> list[Array]:
    """Copy all weights."""
    own = [one for one in model.variables if one.path.split("/")[0] != "optimizer"]
    return [np.array(variable.numpy()) for variable in own]


def assign(model: keras.Model, weights: Sequence[Array]) -> None:
    """Set all weights."""
    for variable, value in zip(model.weights, weights, strict=True):
        variable.assign(value)


def predict_patches(
    model: Reconstructor, container: Container, size: int, session: Session
) -> Patches:
    """Return the object patches of every group, (B, N, N, C) complex64 in the absolute gauge."""
    size = max(1, size // container.groups.C)
    parts = []
    total = math.ceil(container.size / size)
    with between_steps() as check:
        for number, (inputs, valid) in enumerate(full_batches(container, size), start=1):
            re, im = model.predict_on_batch(inputs)[-1]
            parts.append((np.asarray(re) + 1j * np.asarray(im))[:valid].astype(np.complex64))
            session.progress.step(number, total)
            check()
    coords = container.groups.coords
    return Patches(object=np.concatenate(parts), coords=coords, probe=container.probe)


def _divide(scenario: Scenario, groups: int) -> tuple[Array, Array]:
    """Rows that train and rows that validate; the latter a multiple of the batch, drawn over the whole area."""
    spec = scenario.training
    rows = generator(scenario.seeds.training, "validation split").permutation(groups)
    count = max(1, round(spec.validation_fraction * groups / spec.batch_size)) * spec.batch_size
    count = count if spec.validation_fraction > 0 else 0
    if groups - count < spec.batch_size:
        what = "the training split is smaller than one batch"
        source = "training.batch_size, training.validation_fraction"
        step = "lower training.batch_size or give more groups (grouping.n_groups)"
        value, limit = f"{groups} groups, {count} of them validate", f">= {spec.batch_size + count}"
        raise TooFewPointsError(what, value=value, limit=limit, source=source, next_step=step)
    return rows[count:], rows[:count]


def _optimizer(scenario: Scenario, rows: int) -> keras.optimizers.Optimizer:
    spec = scenario.training
    steps = spec.nepochs * (rows // spec.batch_size)
    warm = max(1, round(spec.warmup_fraction * steps))
    top, cosine = spec.learning_rate, keras.optimizers.schedules.CosineDecay
    schedule = cosine(1e-3 * top, max(1, steps - warm), warmup_target=top, warmup_steps=warm)
    return keras.optimizers.Adam(schedule, global_clipnorm=spec.gradient_clip)


class _Run:
    """One training: the loop and what it needs."""

    def __init__(
        self,
        scenario: Scenario,
        model: Reconstructor,
        data: Container,
        rows: Array,
        held: Array,
        session: Session,
    ) -> None:
        self.spec, self.seed = scenario.training, scenario.seeds.training
        self.model, self.data, self.rows, self.held, self.session = model, data, rows, held, session
        self.steps = len(rows) // self.spec.batch_size

    def fit(self, untrained: list[Array]) -> checkpoint.State:
        """Train all remaining epochs and return the final state."""
        state = checkpoint.State(0, untrained, self._optimizer_values(), untrained, 0, ())
        folder = self.session.checkpoints
        if folder is not None and self.session.resume:
            state = self._restore(checkpoint.load(folder) or state)
        try:
            with between_steps() as check:
                while state.epoch < self.spec.nepochs:
                    state = self._epoch(state, check)
                    if folder is not None:
                        checkpoint.save(folder, state)
                    self.session.progress.epoch(state.records[-1], self.spec.nepochs)
        except KeyboardInterrupt:
            what = "training was interrupted"
            value = f"{state.epoch} of {self.spec.nepochs} epochs are done"
            step = "run the same command with --resume to continue from there"
            raise TrainingInterruptedError(
                what, value=value, source=folder, next_step=step
            ) from None
        return state

    def _restore(self, state: checkpoint.State) -> checkpoint.State:
        assign(self.model, state.weights)
        for variable, value in zip(self.model.optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
        return state

    def _optimizer_values(self) -> list[Array]:
        return [np.array(variable.numpy()) for variable in self.model.optimizer.variables]

    def _epoch(self, state: checkpoint.State, check: Callable[[], None]) -> checkpoint.State:
        start = time.perf_counter()
        number = state.epoch + 1
        order = generator(self.seed, f"epoch {number}").permutation(self.rows)
        losses = [self._step(number, step, order, check) for step in range(self.steps)]
        metrics: dict[str, float | None] = {"loss": float(np.mean(losses))}
        if len(self.held):
            metrics["val_loss"] = self._validate(number)
        weights = snapshot(self.model)
        # The last step's update is seen by no later loss.
        whole = all(np.isfinite(array).all() for array in weights)
        self._check(0.0 if whole else math.nan, number, self.steps - 1, "a weight")
        rate = float(np.asarray(self.model.optimizer.learning_rate))
        record = EpochRecord(
            epoch=number,
            learning_rate=rate,
            seconds=time.perf_counter() - start,
            finite=True,
            metrics=metrics,
        )
        new = replace(
            state,
            epoch=number,
            weights=weights,
            optimizer=self._optimizer_values(),
            records=(*state.records, record),
        )
        return self._with_best(new)

    def _with_best(self, state: checkpoint.State) -> checkpoint.State:
        """Keep the weights of the epoch with the smallest monitor; the first epoch always counts."""
        values = [record.metrics[self.spec.monitor] for record in state.records]
        scores = [math.inf if value is None else value for value in values]
        if scores.index(min(scores)) + 1 == state.epoch:
            return replace(state, best=state.weights, best_epoch=state.epoch)
        return state

    def _step(self, epoch: int, step: int, order: Array, check: Callable[[], None]) -> float:
        check()
        size = self.spec.batch_size
        inputs, amplitude = batch(self.data, order[step * size : (step + 1) * size])
        self.model.reset_metrics()
        loss = float(self.model.train_on_batch(inputs, amplitude))
        self._check(loss, epoch, step, "loss")
        self.session.progress.step(step + 1, self.steps, f"loss {loss:.3g}")
        return loss

    def _validate(self, epoch: int) -> float:
        size = self.spec.batch_size
        losses = []
        for start in range(0, len(self.held), size):
            inputs, amplitude = batch(self.data, self.held[start : start + size])
            self.model.reset_metrics()
            losses.append(float(self.model.test_on_batch(inputs, amplitude)))
        value = float(np.mean(losses))
        self._check(value, epoch, self.steps, "val_loss")
        return value

    def _check(self, value: float, epoch: int, step: int, metric: str) -> None:
        if math.isfinite(value):
            return
        raise TrainingDivergedError(
            f"{metric} became {value} in epoch {epoch}, step {step + 1}",
            value=value,
            limit="finite",
            source=f"training.learning_rate = {self.spec.learning_rate:g}, training.loss = {self.spec.loss}",
            next_step=f"lower the learning rate; the last good state is {self.session.checkpoints or 'not kept'}",
        )
