"""Audit `hyperparameters`: what trains each side, whether it was carried out, and what each difference does.

Compared: epochs, batch, learning rate, warm-up, clipping, loss, monitor, groups, side by side with their sources; and,
for subjects with a run, what the run did: epochs, monitor, kept epoch, and the learning rate of every epoch against the
declared schedule (linear warm-up to the peak, cosine to 0), computed here by the closed form and not by the optimiser.
Every setting that differs between the first subject and another is put to a paired experiment (`paired`): three seeds,
both values, the smallest scenario. The effect on the least-squares scalar is held against half of the smallest
undershoot that was recorded (1.71); "explains" and "does not explain" follow from its interval and are never typed.

Red: an epoch is missing (HIST-001) or not finite (HIST-004), the monitor is not there (HIST-002), the kept epoch is not
the best (HIST-003), the learning rate is not the declared one (EVID-003), the object is too dark or too bright, in the
run or on a side of an experiment (INFER-005), or the two sides of an experiment differ in more than their setting
(CONFIG-011).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.checks import paired
from ptyspec.checks.effective_values import DEFAULT, side_by_side
from ptyspec.checks.hyperparameters_controls import CONTROLS as CONTROLS
from ptyspec.checks.hyperparameters_tables import experiment_tables, tables
from ptyspec.checks.material import Material
from ptyspec.checks.report import Audit
from ptyspec.contracts.records import History
from ptyspec.contracts.resolve import Resolved, flatten, known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import cut
from ptyspec.spec.registry import specification

TRAINING = tuple(key for key in known_keys() if key.startswith("training."))
SETTINGS = (*TRAINING, "grouping.n_groups", "grouping.neighbor_count", "inference.batch_size")
MEASURED = (*TRAINING, "grouping.n_groups")
"""Settings whose differences are put to a paired experiment."""
RATE_ERROR = 1e-6
"""Part of the peak: the schedule is computed in single precision (6e-8), a few operations deep."""


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    report.data["settings"] = _settings(materials)
    for name in ("runs", "rates", "undershoot", "experiments"):
        report.data[name] = {}
    for material in materials:
        if material.subject.kind in {"legacy", "snapshot"}:
            report.skipped(
                "HIST-001",
                f"{material.name}: its training",
                "settings alone; name a run to see one",
            )
        else:
            _training(material, report)
            _undershoot(material, report)
    _experiments(materials, report)
    tables(report, {material.subject.kind for material in materials})
    experiment_tables(report)


def _settings(materials: Sequence[Material]) -> dict[str, dict[str, Any]]:
    said: dict[str, tuple[Mapping[str, Any], Mapping[str, str]]] = {}
    if len(materials) == 1:
        values = dict(flatten(Scenario(name="default").model_dump(mode="json")))
        said[DEFAULT] = (values, dict.fromkeys(values, DEFAULT))
    for material in materials:
        values = dict(flatten(material.scenario.model_dump(mode="json")))
        said[material.name] = (values, material.subject.resolved.provenance)
    return side_by_side(said, SETTINGS)


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


def _training(material: Material, report: Audit) -> None:
    history, name, spec = material.history, material.name, material.scenario.training
    if history is None:
        report.skipped("HIST-001", f"{name}: its training", "no network was trained")
        return
    facts = report.data["runs"][name] = _facts(history)
    report.equal(
        "HIST-001",
        f"{name}: epochs recorded, of those declared",
        spec.nepochs,
        "runs",
        name,
        "epochs",
    )
    report.equal(
        "HIST-002",
        f"{name}: epochs that record the declared monitor {spec.monitor}",
        facts["epochs"],
        "runs",
        name,
        "monitored",
    )
    report.equal(
        "HIST-003",
        f"{name}: kept epoch, of the smallest monitor",
        _best(history),
        "runs",
        name,
        "kept",
    )
    report.equal(
        "HIST-004",
        f"{name}: epochs whose values were all finite",
        facts["epochs"],
        "runs",
        name,
        "finite",
    )
    groups = material.finished.stages["group"].numbers["train.groups"]
    declared = schedule(material.scenario, round(groups))
    recorded = [epoch.learning_rate for epoch in history.epochs]
    both = list(zip(recorded, declared, strict=False))
    error = max((abs(a - b) for a, b in both), default=math.nan) / spec.learning_rate
    report.data["rates"][name] = {
        "recorded": recorded,
        "declared": declared,
        "largest_error": error,
    }
    facts["groups"] = round(groups)
    what = f"{name}: learning rate of every epoch against the declared schedule, largest difference over the peak"
    report.within("EVID-003", what, 0, RATE_ERROR, "rates", name, "largest_error")


def _facts(history: History) -> dict[str, Any]:
    epochs = history.epochs
    return {
        "epochs": len(epochs),
        "kept": history.best_epoch,
        "monitor": history.monitor,
        "monitored": sum(history.monitor in epoch.metrics for epoch in epochs),
        "finite": sum(epoch.finite for epoch in epochs),
        "seconds": sum(epoch.seconds for epoch in epochs),
        "losses": [epoch.metrics.get("loss") for epoch in epochs],
        "monitors": [epoch.metrics.get(history.monitor) for epoch in epochs],
    }


def _best(history: History) -> int:
    """The first epoch with the smallest monitor."""
    values = [epoch.metrics.get(history.monitor) for epoch in history.epochs]
    scores = [math.inf if value is None else value for value in values]
    return history.epochs[scores.index(min(scores))].epoch if scores else 0


def _undershoot(material: Material, report: Audit) -> None:
    name, truth = material.name, material.finished.scan.objectGuess
    if truth is None:
        report.skipped(
            "INFER-005", f"{name}: mean amplitude over that of the truth", "the object is not known"
        )
        return
    scores = amplitude_scores(cut(material.reconstruction, np.asarray(truth)))
    gain, scalar = (
        material.finished.stages["normalize"].numbers["gain"],
        scores["least_squares_scalar"],
    )
    report.data["undershoot"][name] = {
        **{key: scores[key] for key in paired.METRICS},
        "gain": gain,
        "scalar_with_gain": None if scalar is None else scalar / gain,
    }
    _right_amplitude(
        report, f"{name}: mean amplitude over that of the truth", "undershoot", name, "mean_ratio"
    )


def _right_amplitude(report: Audit, what: str, *parts: object) -> None:
    width = float(specification()["INFER-005"].tolerance.value)
    report.within("INFER-005", what, 1 - width, 1 + width, *parts)


# What a difference does


def _experiments(materials: Sequence[Material], report: Audit) -> None:
    base = materials[0]
    for question in questions(materials):
        name = question.name
        if base.scenario.measured:
            facts = {
                "key": question.key,
                "pairs": [],
                **paired.judged([], "a measured scan has no smaller one"),
            }
        else:
            if base.progress is not None:
                base.progress.message(f"experiment {name}: {2 * len(paired.SEEDS)} small runs")
            facts = paired.experiment(base.scenario, question, lambda made: _made(base, made))
        report.data["experiments"][name] = facts
        hold(name, facts, report)


def questions(materials: Sequence[Material]) -> list[paired.Question]:
    """Return each setting that differs between the first subject and another, with both values, once."""
    values = [dict(flatten(material.scenario.model_dump(mode="json"))) for material in materials]
    found = [
        paired.Question(key, values[0][key], other[key]) for key in MEASURED for other in values[1:]
    ]
    return [question for question in dict.fromkeys(found) if question.first != question.second]


def _made(base: Material, resolved: Resolved) -> Path:
    from ptyspec.runs.produce import produce

    return produce(resolved, progress=base.progress, store=base.store, pipeline=base.pipeline)


def hold(name: str, facts: Mapping[str, Any], report: Audit) -> None:
    """Hold the clauses against an experiment that stands in `data`."""
    if facts["verdict"] == paired.NONE:
        report.skipped("INFER-005", f"experiment {name}", facts["reason"])
        return
    for side in ("first", "second"):
        what = f"experiment {name}: mean amplitude over that of the truth, {side} value"
        _right_amplitude(report, what, "experiments", name, "means", "mean_ratio", side)
    report.equal(
        "CONFIG-011",
        f"experiment {name}: settings that differ between its sides",
        [facts["key"]],
        "experiments",
        name,
        "differing",
    )
