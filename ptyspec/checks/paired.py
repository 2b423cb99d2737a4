"""A paired experiment: one setting, two values, the same seeds; what it does to the amplitude, with an interval.

The smallest scenario that still trains the reference generator stands in for the subject: 32-pixel frames, a hundred
pixels of object, one unrolled stage; gridsize, probe, dose and every other training setting are the subject's. Runs
come from the run store, so that each is made once. The verdict follows from the interval: see `verdict`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.resolve import Layer, Resolved, flatten, nest, resolve
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import PtyspecError, TrainingInterruptedError
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.runs.request import SEEDED

SEEDS = (1, 2, 3)
LEAST = 3
"""Pairs below which there is no verdict."""
GROUPS = 40
EPOCHS = 5
"""Most epochs of a run whose pair is about something else."""
UNDERSHOOT = 1.71
"""The smallest least-squares scalar that was recorded for the undershoot, gs1_ideal (facts 5.2): a fair share of a larger
one is larger still, so this one is the strictest to be measured against."""
SHARE = 0.5
"""A cause is said to explain the undershoot where it makes at least this part of it, on a logarithmic scale."""
CONFIDENCE = 0.95
METRICS = ("least_squares_scalar", "mean_ratio", "pearson_r")
EXPLAINS, NOT, OPEN, NONE = (
    "explains the undershoot",
    "does not explain the undershoot",
    "open",
    "not evaluated",
)
Make = Callable[[Resolved], Path]


@dataclass(frozen=True)
class Question:
    """One setting and the two values it is given."""

    key: str
    first: Any
    second: Any

    @property
    def name(self) -> str:
        """`KEY: FIRST or SECOND`."""
        return f"{self.key}: {self.first} or {self.second}"


def smallest(scenario: Scenario, question: Question, value: Any, seed: int) -> Resolved:
    """Return the smallest scenario like this one in which the setting has this value, as far as that can be had."""
    training = scenario.training.model_dump(mode="json")
    training["nepochs"] = min(training["nepochs"], EPOCHS)
    training["batch_size"] = min(training["batch_size"], 16)
    groups, value = _groups(question, value)
    shared = {
        "name": "paired",
        "object": {"size": 96},
        "scan": {"n_images": 2 * groups},
        "probe": {"kind": "ideal" if scenario.probe.kind == "ideal" else "custom"},
        "dose": {"nphotons": scenario.dose.nphotons},
        "grouping": {"n_groups": groups, "neighbor_count": 6},
        "model": {
            "N": 32,
            "gridsize": min(scenario.model.gridsize, 2),
            "stages": 1,
            "filters": [8],
            "probe_mask": scenario.model.probe_mask,
            "probe_scale": scenario.model.probe_scale,
        },
        "training": training,
        "inference": {"iterative_sweeps": 1},
        "seeds": dict.fromkeys(SEEDED, seed),
    }
    return resolve([Layer("smallest scenario", shared), Layer("pair", nest({question.key: value}))])


def experiment(
    scenario: Scenario, question: Question, make: Make, seeds: Sequence[int] = SEEDS
) -> dict[str, Any]:
    """Return the pairs, the effect with its interval, and the verdict; where a run fails, its text and no verdict."""
    tested = [_groups(question, value)[1] for value in (question.first, question.second)]
    facts: dict[str, Any] = {
        "key": question.key,
        "values": [question.first, question.second],
        "tested": tested,
        "pairs": [],
        "reason": None,
    }
    differing: set[str] = set()
    try:
        for seed in seeds:
            sides = [
                smallest(scenario, question, value, seed)
                for value in (question.first, question.second)
            ]
            differing |= set(differences(*sides))
            first, second = (observed(make(side)) for side in sides)
            facts["pairs"].append({"seed": seed, "first": first, "second": second})
    except TrainingInterruptedError:
        raise
    except PtyspecError as error:
        facts["reason"] = str(error)
    return facts | {"differing": sorted(differing)} | judged(facts["pairs"], facts["reason"])


def observed(folder: Path) -> dict[str, float | None]:
    """Return the scores of a finished run, its gain, and the least-squares scalar had the gain stayed in the object."""
    run = FinishedRun(folder)
    found: dict[str, float | None] = {name: run.metrics["amplitude"][name] for name in METRICS}
    gain, scalar = run.stages["normalize"].numbers["gain"], found["least_squares_scalar"]
    return found | {"gain": gain, "scalar_with_gain": None if scalar is None else scalar / gain}


def differences(first: Resolved, second: Resolved) -> list[str]:
    """Return the settings in which two scenarios differ."""
    a, b = (dict(flatten(side.scenario.model_dump(mode="json"))) for side in (first, second))
    return [key for key in a if a[key] != b[key]]


def judged(pairs: Sequence[Mapping[str, Any]], reason: str | None = None) -> dict[str, Any]:
    """Return means of both sides, the effect second - first of every score with its interval, and the verdict.

    The effect on the least-squares scalar is a factor, second / first; `share` is its logarithm over that of the
    smallest recorded undershoot.
    """
    values = {
        name: [(pair["first"][name], pair["second"][name]) for pair in pairs]
        for name in (*METRICS, "scalar_with_gain")
    }
    missing = sorted(name for name, column in values.items() if any(None in row for row in column))
    if missing and reason is None:
        reason = f"no value for {', '.join(missing)}"
    if len(pairs) < LEAST and reason is None:
        reason = f"{len(pairs)} pairs; a verdict needs {LEAST}"
    if reason is not None:
        return {"means": {}, "effect": {}, "share": {}, "verdict": NONE, "reason": reason}
    means = {
        name: {"first": _mean(column, 0), "second": _mean(column, 1)}
        for name, column in values.items()
    }
    effect = {name: interval([b - a for a, b in values[name]]) for name in METRICS[1:]}
    logs = interval([math.log(b / a) for a, b in values[METRICS[0]]])
    effect[METRICS[0]] = {part: math.exp(value) for part, value in logs.items()}
    share = {part: value / math.log(UNDERSHOOT) for part, value in logs.items()}
    return {
        "means": means,
        "effect": effect,
        "share": share,
        "verdict": verdict(share),
        "reason": None,
    }


def interval(values: Sequence[float]) -> dict[str, float]:
    """Return the mean of paired differences and its two-sided Student interval."""
    from scipy.special import stdtrit

    numbers = np.asarray(values, float)
    half = float(
        stdtrit(len(numbers) - 1, 0.5 + CONFIDENCE / 2)
        * numbers.std(ddof=1)
        / math.sqrt(len(numbers))
    )
    mean = float(numbers.mean())
    return {"mean": mean, "low": mean - half, "high": mean + half}


def verdict(share: Mapping[str, float]) -> str:
    """Return what the interval of the share says: all of it at or beyond half the undershoot, all of it within, or open.

    In either direction: a setting that makes the object darker and one that makes it brighter are both an explanation.
    """
    if share["low"] >= SHARE or share["high"] <= -SHARE:
        return EXPLAINS
    return NOT if share["low"] > -SHARE and share["high"] < SHARE else OPEN


def _mean(column: Sequence[tuple[float, float]], side: int) -> float:
    return float(np.mean([row[side] for row in column]))


def _groups(question: Question, value: Any) -> tuple[int, Any]:
    """Frames and groups of the pair: enough for its batches; numbers of groups keep their ratio."""
    if question.key == "training.batch_size":
        return max(GROUPS, 3 * question.first, 3 * question.second), value
    if question.key == "grouping.n_groups":
        most = max(question.first, question.second)
        scaled = max(GROUPS, round(2 * GROUPS * value / most))
        return 2 * GROUPS, scaled
    return GROUPS, value
