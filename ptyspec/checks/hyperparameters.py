"""Audit `hyperparameters`: what trains each side, and whether it was carried out.

The declared learning rates are computed by the closed form and not by the optimiser.
"""

import math
from collections.abc import Sequence
from typing import Any

from ptyspec.checks.clause_check import checks
from ptyspec.checks.registry import Grid, Layout, control
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.subject_values import compare, settings
from ptyspec.contracts.records import History
from ptyspec.contracts.resolve import known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.spec.checks import Check

SETTINGS = (
    *(key for key in known_keys() if key.startswith("training.")),
    *("grouping.n_groups", "grouping.neighbor_count", "inference.batch_size"),
)
RATE_ERROR = 1e-6
"""Part of the peak: the schedule is computed in single precision (6e-8), a few operations deep."""


def schedule(scenario: Scenario, groups: int) -> list[float]:
    """Return the learning rate at the end of each epoch: t/w of the peak in the warm-up of w steps, cosine to 0 after.

    `groups` of the training split; the validating ones are left out, a multiple of the batch.
    """
    spec = scenario.training
    held = max(1, round(spec.validation_fraction * groups / spec.batch_size)) * spec.batch_size
    each = (groups - (held if spec.validation_fraction > 0 else 0)) // spec.batch_size
    total = spec.nepochs * each
    warm = max(1, round(spec.warmup_fraction * total))
    decay = max(1, total - warm)

    def rate(step: int) -> float:
        if step < warm:
            return spec.learning_rate * (1e-3 + (1 - 1e-3) * step / warm)
        return spec.learning_rate * 0.5 * (1 + math.cos(math.pi * min(step - warm, decay) / decay))

    return [rate(epoch * each) for epoch in range(1, spec.nepochs + 1)]


def runs(outputs: StageOutputs) -> dict[str, Any] | None:
    """Return what a training did, epoch by epoch; None where there was none."""
    if outputs.subject.kind == "legacy" or (history := outputs.history) is None:
        return None
    epochs, groups = history.epochs, round(outputs.finished.stages["group"].numbers["train.groups"])
    declared = schedule(outputs.scenario, groups)
    rates = [epoch.learning_rate for epoch in epochs]
    monitors = [epoch.metrics.get(history.monitor) for epoch in epochs]
    scores = [math.inf if value is None else value for value in monitors]
    errors = [abs(a - b) for a, b in zip(rates, declared, strict=False)]
    return {
        "epochs": len(epochs),
        "kept": history.best_epoch,
        "best": epochs[scores.index(min(scores))].epoch if epochs else 0,
        "monitor": history.monitor,
        "monitored": sum(history.monitor in epoch.metrics for epoch in epochs),
        "finite": sum(epoch.finite for epoch in epochs),
        "seconds": sum(epoch.seconds for epoch in epochs),
        "losses": [epoch.metrics.get("loss") for epoch in epochs],
        "monitors": monitors,
        "groups": groups,
        "rates": rates,
        "declared_rates": declared,
        "rate_error": max(errors, default=math.nan) / outputs.scenario.training.learning_rate,
    }


@checks("HIST-001", trains=True)
def every_declared_epoch_is_recorded(check: Check, outputs: StageOutputs) -> None:
    facts = outputs.facts(runs)
    if facts is None:
        check.missing("its training", "none was trained; name a run or a scenario to see one")
    else:
        declared = outputs.scenario.training.nepochs
        check.equal(facts["epochs"], declared, "epochs recorded, of those declared")


RECORD = {
    "HIST-002": ("monitored", "epochs", "epochs that record the declared monitor"),
    "HIST-003": ("kept", "best", "kept epoch, of the smallest monitor"),
    "HIST-004": ("finite", "epochs", "epochs whose values were all finite"),
}


@checks(" ".join(RECORD), trains=True)
def the_record_is_that_of_a_sound_training(check: Check, outputs: StageOutputs) -> None:
    key, wanted, what = RECORD[check.clause.id]
    if facts := outputs.facts(runs):
        what += f" {outputs.scenario.training.monitor}" if key == "monitored" else ""
        check.equal(facts[key], facts[wanted], what)


@checks("EVID-003", stage="train", trains=True)
def the_learning_rate_is_the_declared_one(check: Check, outputs: StageOutputs) -> None:
    if facts := outputs.facts(runs):
        what = "learning rate of every epoch from the declared schedule, largest, over the peak"
        check.between(0, facts["rate_error"], RATE_ERROR, what)


def _compared(subjects: Sequence[StageOutputs], report: Audit) -> None:
    rows = settings([one.subject for one in subjects], SETTINGS)
    compare(report, "Settings of training, different ones first", "settings", rows)


def _history(material: StageOutputs) -> History:
    assert material.history is not None
    return material.history


def _last(material: StageOutputs, **changed: Any) -> StageOutputs:
    """The material with another record of its last epoch, or with none of it."""
    *before, last = _history(material).epochs
    epochs = (*before, last.model_copy(update=changed)) if changed else tuple(before)
    return material.replaced(history=_history(material).model_copy(update={"epochs": epochs}))


@control("HIST-001")
def epochs_lost(material: StageOutputs) -> StageOutputs:
    """The last epoch of the history is gone."""
    return _last(material)


@control("HIST-002")
def monitor_lost(material: StageOutputs) -> StageOutputs:
    """The last epoch does not record the monitor."""
    return _last(material, metrics={"loss of another name": 1.0})


@control("HIST-003")
def not_the_best(material: StageOutputs) -> StageOutputs:
    """Weights of another epoch were kept than those of the smallest monitor."""
    history = _history(material)
    other = {"best_epoch": 1 if history.best_epoch > 1 else 2}
    return material.replaced(history=history.model_copy(update=other))


@control("HIST-004")
def not_finite(material: StageOutputs) -> StageOutputs:
    """An epoch met a value that is not finite, and training went on."""
    return _last(material, finite=False)


@control("EVID-003")
def other_rate(material: StageOutputs) -> StageOutputs:
    """The last epoch was trained at another than the declared learning rate."""
    rate = _history(material).epochs[-1].learning_rate
    return _last(material, learning_rate=rate + 1e-4)


CONTROLS = (epochs_lost, monitor_lost, not_the_best, not_finite, other_rate)
LAYOUT = Layout(
    facts={"runs": runs},
    more=_compared,
    tables=(
        Grid(
            "What was carried out",
            "runs/{run}",
            "epochs, kept, monitor, groups, seconds, largest error of the rate=rate_error",
        ),
    ),
)
