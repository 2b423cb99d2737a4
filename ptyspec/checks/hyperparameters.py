"""Audit `hyperparameters`: what trains each side, and whether it was carried out.

Epochs, batch, learning rate, warm-up, clipping, loss, monitor and groups stand side by side with
their sources; and, for subjects with a run, what the run did: epochs, monitor, kept epoch, and the
learning rate of every epoch against the declared schedule (linear warm-up to the peak, cosine to
0), computed here by the closed form and not by the optimiser. What a difference does to the object
is a question for `ptyspec judge` and `ptyspec explain`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks.effective_values import MATCH, settings
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.params import compare
from ptyspec.checks.report import Audit
from ptyspec.checks.spoil import control, with_object
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.records import EpochRecord, History
from ptyspec.contracts.resolve import known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.render import canvas
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import cut
from ptyspec.spec.checks import Check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SETTINGS = (
    *(key for key in known_keys() if key.startswith("training.")),
    *("grouping.n_groups", "grouping.neighbor_count", "inference.batch_size"),
)
METRICS = ("least_squares_scalar", "mean_ratio", "pearson_r")
RATE_ERROR = 1e-6
"""Part of the peak: the schedule is computed in single precision (6e-8), a few operations deep."""
LEVEL = "mean amplitude over that of the truth"
UPSTREAM = {
    "optimiser": "Adam, 1e-3",
    "schedule": "halved when val_loss has not fallen for 2 epochs, down to 1e-4",
    "stops": "when the training loss has not fallen for 3 epochs",
    "validation": "the last 5 % of the groups",
    "kept weights": "the last epoch's",
}
"""What upstream's code fixes itself and no dictionary says (facts 3.8)."""


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


def _settings_alone(outputs: StageOutputs) -> bool:
    return outputs.subject.kind in {"legacy", "snapshot"}


def runs(outputs: StageOutputs) -> dict[str, Any] | None:
    """Return what a training did, epoch by epoch; None where there was none."""
    if _settings_alone(outputs) or (history := outputs.history) is None:
        return None
    epochs = history.epochs
    return {
        "epochs": len(epochs),
        "kept": history.best_epoch,
        "best": _best(history),
        "monitor": history.monitor,
        "monitored": sum(history.monitor in epoch.metrics for epoch in epochs),
        "finite": sum(epoch.finite for epoch in epochs),
        "seconds": sum(epoch.seconds for epoch in epochs),
        "losses": [epoch.metrics.get("loss") for epoch in epochs],
        "monitors": [epoch.metrics.get(history.monitor) for epoch in epochs],
        "groups": round(outputs.finished.stages["group"].numbers["train.groups"]),
    }


def _best(history: History) -> int:
    """The first epoch with the smallest monitor."""
    values = [epoch.metrics.get(history.monitor) for epoch in history.epochs]
    scores = [math.inf if value is None else value for value in values]
    return history.epochs[scores.index(min(scores))].epoch if scores else 0


def rates(outputs: StageOutputs) -> dict[str, Any] | None:
    """Return the recorded learning rates beside the declared schedule."""
    if (facts := outputs.facts(runs)) is None or outputs.history is None:
        return None
    declared = schedule(outputs.scenario, facts["groups"])
    recorded = [epoch.learning_rate for epoch in outputs.history.epochs]
    errors = [abs(a - b) for a, b in zip(recorded, declared, strict=False)]
    error = max(errors, default=math.nan) / outputs.scenario.training.learning_rate
    return {"recorded": recorded, "declared": declared, "largest_error": error}


def undershoot(outputs: StageOutputs) -> dict[str, float | None] | None:
    """Return the amplitude's scores, and the scalar that there would be with the gain left in."""
    if _settings_alone(outputs) or (truth := outputs.finished.scan.objectGuess) is None:
        return None
    scores = amplitude_scores(cut(outputs.reconstruction, np.asarray(truth)))
    gain = outputs.finished.stages["normalize"].numbers["gain"]
    scalar = scores["least_squares_scalar"]
    return {
        **{key: scores[key] for key in METRICS},
        "gain": gain,
        "scalar_with_gain": None if scalar is None else scalar / gain,
    }


@checks("HIST-001", trains=True)
def every_declared_epoch_is_recorded(check: Check, outputs: StageOutputs) -> None:
    facts = outputs.facts(runs)
    if facts is None:
        alone = "settings alone; name a run to see one"
        check.missing("its training", alone if _settings_alone(outputs) else "none was trained")
    else:
        declared = outputs.scenario.training.nepochs
        check.equal(facts["epochs"], declared, "epochs recorded, of those declared")


@checks("HIST-002", trains=True)
def every_epoch_records_the_monitor(check: Check, outputs: StageOutputs) -> None:
    if facts := outputs.facts(runs):
        what = f"epochs that record the declared monitor {outputs.scenario.training.monitor}"
        check.equal(facts["monitored"], facts["epochs"], what)


@checks("HIST-003", trains=True)
def the_kept_epoch_is_the_best(check: Check, outputs: StageOutputs) -> None:
    if facts := outputs.facts(runs):
        check.equal(facts["kept"], facts["best"], "kept epoch, of the smallest monitor")


@checks("HIST-004", trains=True)
def every_epoch_is_finite(check: Check, outputs: StageOutputs) -> None:
    if facts := outputs.facts(runs):
        check.equal(facts["finite"], facts["epochs"], "epochs whose values were all finite")


@checks("EVID-003", stage="train", trains=True)
def the_learning_rate_is_the_declared_one(check: Check, outputs: StageOutputs) -> None:
    if facts := outputs.facts(rates):
        what = "learning rate of every epoch from the declared schedule, largest, over the peak"
        check.between(0, facts["largest_error"], RATE_ERROR, what)


@checks("INFER-005", trains=True)
def the_amplitude_is_that_of_the_truth(check: Check, outputs: StageOutputs) -> None:
    if _settings_alone(outputs):
        return
    if facts := outputs.facts(undershoot):
        width = check.clause.tolerance.value
        check.between(1 - width, facts["mean_ratio"], 1 + width, LEVEL)
    else:
        check.missing(LEVEL, "the object is not known")


def _together(subjects: Sequence[StageOutputs], _: Mapping[str, Any]) -> dict[str, Any]:
    return {"settings": settings([one.subject for one in subjects], SETTINGS)}


def _more(subjects: Sequence[StageOutputs], report: Audit) -> None:
    rows = report.data["settings"]
    order = sorted(rows, key=lambda key: set(rows[key]["delta"].values()) <= {MATCH})
    compare(report, "Settings of training, different ones first", order, form=".6g")
    trained = {name: row for name, row in report.data["runs"].items() if row}
    if trained:
        caption = "Monitor and learning rate, epoch by epoch."
        report.figure("training", caption, lambda: trainings(trained, report.data["rates"]))
    if any(_settings_alone(one) for one in subjects):
        report.table("What upstream's code fixes itself", ("what", "value"), UPSTREAM.items())


def trainings(runs: Mapping[str, Any], rates: Mapping[str, Any]) -> Figure:
    """Monitor above learning rate; the declared schedule is a dashed line under the recorded one."""
    figure = canvas.new_figure(8.5, 5.2, "training")
    upper, lower = figure.subplots(2, 1, sharex=True)
    look: dict[str, Any] = {"marker": "o", "markersize": 3}
    for (name, facts), colour in zip(runs.items(), cycle(canvas.COLOURS.values()), strict=False):
        epochs, declared = range(1, facts["epochs"] + 1), rates[name]["declared"]
        values = [math.nan if value is None else value for value in facts["monitors"]]
        upper.plot(epochs, values, color=colour, label=f"{name}: {facts['monitor']}", **look)
        upper.axvline(facts["kept"], color=colour, linestyle=":", linewidth=1)
        lower.plot(range(1, len(declared) + 1), declared, color=colour, linestyle="--", linewidth=1)
        lower.plot(epochs, rates[name]["recorded"], color=colour, linestyle="none", **look)
    upper.set_ylabel("monitor (dotted: kept epoch)", fontsize=canvas.TEXT)
    lower.set_ylabel("learning rate (dashed: declared)", fontsize=canvas.TEXT)
    lower.set_xlabel("epoch", fontsize=canvas.TEXT)
    lower.xaxis.get_major_locator().set_params(integer=True)
    upper.legend(fontsize=canvas.TEXT, frameon=False)
    return figure


def _history(material: StageOutputs, **changed: Any) -> StageOutputs:
    """The material with another record of its training."""
    assert material.history is not None
    return material.replaced(history=material.history.model_copy(update=changed))


def _last(material: StageOutputs, **changed: Any) -> StageOutputs:
    """The material with another record of its last epoch."""
    *before, last = _epochs(material)
    return _history(material, epochs=(*before, last.model_copy(update=changed)))


def _epochs(material: StageOutputs) -> tuple[EpochRecord, ...]:
    return material.history.epochs if material.history else ()


@control("HIST-001")
def epochs_lost(material: StageOutputs) -> StageOutputs:
    """The last epoch of the history is gone."""
    return _history(material, epochs=_epochs(material)[:-1])


@control("HIST-002")
def monitor_lost(material: StageOutputs) -> StageOutputs:
    """The last epoch does not record the monitor."""
    return _last(material, metrics={"loss of another name": 1.0})


@control("HIST-003")
def not_the_best(material: StageOutputs) -> StageOutputs:
    """Weights of another epoch were kept than those of the smallest monitor."""
    kept = material.history.best_epoch if material.history else 0
    return _history(material, best_epoch=1 if kept > 1 else 2)


@control("HIST-004")
def not_finite(material: StageOutputs) -> StageOutputs:
    """An epoch met a value that is not finite, and training went on."""
    return _last(material, finite=False)


@control("EVID-003")
def other_rate(material: StageOutputs) -> StageOutputs:
    """The last epoch was trained at another than the declared learning rate."""
    return _last(material, learning_rate=_epochs(material)[-1].learning_rate + 1e-4)


@control("INFER-005")
def gain_left(material: StageOutputs) -> StageOutputs:
    """The loader's gain stayed in the object."""
    gain = material.finished.stages["normalize"].numbers["gain"]
    return with_object(material, material.reconstruction.object * np.float32(gain), scored=False)


CONTROLS = (epochs_lost, monitor_lost, not_the_best, not_finite, other_rate, gain_left)
LAYOUT = Layout(
    facts={"runs": runs, "rates": rates, "undershoot": undershoot},
    together=_together,
    more=_more,
    tables=(
        Grid("What was carried out", "runs/*", "epochs, kept, monitor, groups, seconds", "run"),
        Grid(
            "Amplitude of the run",
            "undershoot/*",
            f"{', '.join(METRICS)}, gain, scalar_with_gain",
            "run",
        ),
    ),
    notes="""
    scalar_with_gain is what the least-squares scalar would be had the loader's gain stayed in the
    object: the scalar over the gain.
    """,
)
