"""Audit `hyperparameters`: what trains each side, whether it was carried out, and what each difference does.

Compared: epochs, batch, learning rate, warm-up, clipping, loss, monitor, groups, side by side with their sources; and,
for subjects with a run, what the run did: epochs, monitor, kept epoch, and the learning rate of every epoch against the
declared schedule (linear warm-up to the peak, cosine to 0), computed here by the closed form and not by the optimiser.
Every setting that differs between the first subject and another is put to a paired experiment (`paired`): three seeds,
both values, the smallest scenario. The effect on the least-squares scalar is held against half of the smallest
undershoot that was recorded (1.71); "explains" and "does not explain" follow from its interval and are never typed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.checks import paired
from ptyspec.checks.effective_values import DEFAULT, MATCH, Said, side_by_side
from ptyspec.checks.hyperparameters_controls import CONTROLS as CONTROLS
from ptyspec.checks.hyperparameters_figures import effects, trainings
from ptyspec.checks.judge import ClauseCheck, checks, judge
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.material import Material
from ptyspec.checks.params import compare
from ptyspec.checks.report import Audit
from ptyspec.contracts.records import History
from ptyspec.contracts.resolve import Resolved, flatten, known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import cut
from ptyspec.spec.checks import Check
from ptyspec.spec.finding import Finding

TRAINING = tuple(key for key in known_keys() if key.startswith("training."))
SETTINGS = (*TRAINING, "grouping.n_groups", "grouping.neighbor_count", "inference.batch_size")
MEASURED = (*TRAINING, "grouping.n_groups")
"""Settings whose differences are put to a paired experiment."""
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


# What a run did


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


def _settings_alone(outputs: Material) -> bool:
    return outputs.subject.kind in {"legacy", "snapshot"}


def runs(outputs: Material) -> dict[str, Any] | None:
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


def rates(outputs: Material) -> dict[str, Any] | None:
    """Return the recorded learning rates beside the declared schedule."""
    if (facts := outputs.facts(runs)) is None or outputs.history is None:
        return None
    declared = schedule(outputs.scenario, facts["groups"])
    recorded = [epoch.learning_rate for epoch in outputs.history.epochs]
    errors = [abs(a - b) for a, b in zip(recorded, declared, strict=False)]
    error = max(errors, default=math.nan) / outputs.scenario.training.learning_rate
    return {"recorded": recorded, "declared": declared, "largest_error": error}


def undershoot(outputs: Material) -> dict[str, float | None] | None:
    """Return the amplitude's scores, and the scalar that there would be with the gain left in."""
    if _settings_alone(outputs) or (truth := outputs.finished.scan.objectGuess) is None:
        return None
    scores = amplitude_scores(cut(outputs.reconstruction, np.asarray(truth)))
    gain = outputs.finished.stages["normalize"].numbers["gain"]
    scalar = scores["least_squares_scalar"]
    return {
        **{key: scores[key] for key in paired.METRICS},
        "gain": gain,
        "scalar_with_gain": None if scalar is None else scalar / gain,
    }


# Checks


@checks("HIST-001", trains=True)
def every_declared_epoch_is_recorded(check: Check, outputs: Material) -> None:
    facts = outputs.facts(runs)
    if facts is None:
        alone = "settings alone; name a run to see one"
        check.missing("its training", alone if _settings_alone(outputs) else "none was trained")
    else:
        declared = outputs.scenario.training.nepochs
        check.equal(facts["epochs"], declared, "epochs recorded, of those declared")


@checks("HIST-002", trains=True)
def every_epoch_records_the_monitor(check: Check, outputs: Material) -> None:
    if facts := outputs.facts(runs):
        what = f"epochs that record the declared monitor {outputs.scenario.training.monitor}"
        check.equal(facts["monitored"], facts["epochs"], what)


@checks("HIST-003", trains=True)
def the_kept_epoch_is_the_best(check: Check, outputs: Material) -> None:
    if facts := outputs.facts(runs):
        check.equal(facts["kept"], facts["best"], "kept epoch, of the smallest monitor")


@checks("HIST-004", trains=True)
def every_epoch_is_finite(check: Check, outputs: Material) -> None:
    if facts := outputs.facts(runs):
        check.equal(facts["finite"], facts["epochs"], "epochs whose values were all finite")


@checks("EVID-003", stage="train", trains=True)
def the_learning_rate_is_the_declared_one(check: Check, outputs: Material) -> None:
    if facts := outputs.facts(rates):
        what = "learning rate of every epoch from the declared schedule, largest, over the peak"
        check.between(0, facts["largest_error"], RATE_ERROR, what)


@checks("INFER-005", trains=True)
def the_amplitude_is_that_of_the_truth(check: Check, outputs: Material) -> None:
    if _settings_alone(outputs):
        return
    if facts := outputs.facts(undershoot):
        _level(check, facts["mean_ratio"], LEVEL)
    else:
        check.missing(LEVEL, "the object is not known")


def _level(check: Check, ratio: float | None, what: str) -> None:
    width = check.clause.tolerance.value
    check.between(1 - width, ratio, 1 + width, what)


# What a difference does


def questions(subjects: Sequence[Material]) -> list[paired.Question]:
    """Return each setting that differs between the first subject and another, with both values, once."""
    first, *others = (dict(flatten(one.scenario.model_dump(mode="json"))) for one in subjects)
    asked = [paired.Question(key, first[key], other[key]) for key in MEASURED for other in others]
    return [question for question in dict.fromkeys(asked) if question.first != question.second]


def _experiment(base: Material, question: paired.Question) -> dict[str, Any]:
    if base.scenario.measured:
        nothing = paired.judged([], "a measured scan has no smaller one")
        return {"key": question.key, "pairs": [], **nothing}
    if base.progress is not None:
        base.progress.message(f"experiment {question.name}: {2 * len(paired.SEEDS)} small runs")

    def make(resolved: Resolved) -> Path:
        from ptyspec.runs.produce import produce

        return produce(resolved, progress=base.progress, store=base.store, pipeline=base.pipeline)

    return paired.experiment(base.scenario, question, make)


def _right_sides(check: Check, experiment: Mapping[str, Any]) -> None:
    if experiment["verdict"] == paired.NONE:
        check.missing("the experiment", experiment["reason"])
        return
    for side, ratio in experiment["means"]["mean_ratio"].items():
        _level(check, ratio, f"{LEVEL}, {side} value")


def _one_setting(check: Check, experiment: Mapping[str, Any]) -> None:
    if experiment["verdict"] != paired.NONE:
        what = "settings that differ between the sides"
        check.equal(list(experiment["differing"]), [experiment["key"]], what)


OF_EXPERIMENTS = (
    ClauseCheck("INFER-005", _right_sides, ""),
    ClauseCheck("CONFIG-011", _one_setting, ""),
)


def hold(experiment: Mapping[str, Any]) -> list[Finding]:
    """Return what the clauses say of an experiment."""
    return judge(experiment, among=OF_EXPERIMENTS)


# What is shown


def _together(subjects: Sequence[Material], _: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Said] = {}
    if len(subjects) == 1:
        values = dict(flatten(Scenario(name="default").model_dump(mode="json")))
        said[DEFAULT] = (values, dict.fromkeys(values, DEFAULT))
    for one in subjects:
        values = dict(flatten(one.scenario.model_dump(mode="json")))
        said[one.name] = (values, one.subject.resolved.provenance)
    asked = questions(subjects)
    return {
        "settings": side_by_side(said, SETTINGS),
        "experiments": {question.name: _experiment(subjects[0], question) for question in asked},
    }


def _more(subjects: Sequence[Material], report: Audit) -> None:
    rows = report.data["settings"]
    order = sorted(rows, key=lambda key: set(rows[key]["delta"].values()) <= {MATCH})
    compare(report, "Settings of training, different ones first", order, form=".6g")
    trained = {name: row for name, row in report.data["runs"].items() if row}
    if trained:
        report.figure(
            "training",
            "Monitor and learning rate, epoch by epoch.",
            lambda: trainings(trained, report.data["rates"]),
        )
    if any(_settings_alone(one) for one in subjects):
        report.table("What upstream's code fixes itself", ("what", "value"), UPSTREAM.items())
    experiment_tables(report)


def experiment_tables(report: Audit) -> None:
    """Add findings, tables and the figure of the experiments in `data`."""
    experiments = report.data["experiments"]
    for name, facts in experiments.items():
        report.extend(f"experiment {name}", hold(facts))
        facts["count"] = len(facts["pairs"])
    if not (
        done := {name: row for name, row in experiments.items() if row["verdict"] != paired.NONE}
    ):
        return
    for table in EFFECTS:
        table.add_to(report)
    report.figure(
        "effects",
        "Effect of each difference on the least-squares scalar, beside what would explain the undershoot.",
        lambda: effects(done),
    )


def _effect(metric: str, form: str) -> str:
    sides = f"{metric}, first=means/{metric}/first:.4f, second=means/{metric}/second:.4f"
    parts = ", ".join(
        f"{head}=effect/{metric}/{part}:{form}"
        for head, part in (("effect", "mean"), ("low", "low"), ("high", "high"))
    )
    return f"{sides}, {parts}"


EFFECTS = (
    Grid(
        "What each difference does to the least-squares scalar",
        "experiments/*",
        f"pairs=count, {_effect(paired.METRICS[0], '.4f')}, share=share/mean:+.2%, verdict",
        "setting, first or second",
    ),
    *(
        Grid(
            f"What each difference does to {metric}",
            "experiments/*",
            _effect(metric, "+.4f"),
            "setting, first or second",
        )
        for metric in paired.METRICS[1:]
    ),
)
LAYOUT = Layout(
    facts={"runs": runs, "rates": rates, "undershoot": undershoot},
    together=_together,
    more=_more,
    tables=(
        Grid("What was carried out", "runs/*", "epochs, kept, monitor, groups, seconds", "run"),
        Grid(
            "Amplitude of the run",
            "undershoot/*",
            f"{', '.join(paired.METRICS)}, gain, scalar_with_gain",
            "run",
        ),
    ),
    notes="""
    scalar_with_gain is what the least-squares scalar would be had the loader's gain stayed in the object: the scalar
    over the gain.

    With one subject nothing is compared, so that no experiment runs. docs/audits-hyperparameters.md shows the usual
    suspects (`python -m benchmarks hyperparameters`).

    Experiments run on the smallest scenario that still trains the reference generator (32-pixel frames, one stage); low
    and high bound the effect (Student, 95 %, paired). The share is the logarithm of the factor over that of the
    smallest undershoot on record; half of it is asked for.
    """,
)
