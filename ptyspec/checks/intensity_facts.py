"""What stage outputs tell of the object's level: the chain to the truth, closures, the data's own word.

Each function is one block of facts; `StageOutputs.facts` computes it once for all audits and checks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.checks.sampled_groups import sample_of, spread
from ptyspec.checks.stage_chain import (
    CONFIDENCE,
    GROUPED,
    OUTPUT,
    SIGMAS,
    SPLITS,
    STAGES,
    Row,
    chains,
    input_steps,
    over,
    stages,
    step,
    tolerance,
)
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import Frame, covered, cut
from ptyspec.scores.numbers import quotient

FRAMES = 96
"""Frames that are predicted."""
ONCE = ("mean_ratio", "least_squares_scalar", "pearson_r", "mae", "rmse")
"""Recorded scores that must come out of the stored object."""


def frame(outputs: StageOutputs) -> Frame | None:
    """Return the covered pixels of the reconstruction beside the truth; None where there is no such pixel or truth."""
    truth = outputs.scan.objectGuess
    seen = None if truth is None else cut(outputs.reconstruction, truth)
    return seen if seen is not None and seen.pixels else None


def scores(outputs: StageOutputs) -> dict[str, Any] | None:
    """Return the amplitude scores of the stored object; None where there is no frame."""
    seen = outputs.facts(frame)
    return None if seen is None else amplitude_scores(seen)


def as_scored(outputs: StageOutputs) -> bool:
    """Return whether there is a truth, and the recorded scores are those of the stored object."""
    again = outputs.facts(scores)
    recorded = outputs.metrics.get("amplitude", {})
    return again is not None and all(again[key] == recorded.get(key) for key in ONCE)


def means(outputs: StageOutputs) -> dict[str, Row]:
    """Return the means of all stages by split; the test split alone is reconstructed."""
    both, seen, made = outputs.facts(stages), outputs.facts(frame), outputs.reconstruction
    images = (
        {} if seen is None else {"prediction": seen.rec[seen.mask], "truth": seen.truth[seen.mask]}
    )
    if outputs.scan.objectGuess is None:  # by the data alone
        images = {"prediction": made.object[covered(made)]}
    values = {name: float(np.abs(image).mean()) for name, image in images.items() if image.size}
    return {**both, "test": both["test"] | values}


def steps(outputs: StageOutputs) -> dict[str, dict[str, Row]]:
    """Return the steps of both splits with the last one, from the network's input to the prediction.

    That is exactly 1/g times the ratio of object to measurement, so that its quotient is the level of the prediction;
    the level on the data where no object is known.
    """
    known, gain = outputs.facts(means)["test"], outputs.facts(chains)["train"]["gain"]
    target, given, prediction, truth = (known.get(stage) for stage in STAGES[2:])
    ratio, allowed = over(prediction, given), over(over(truth, target), gain)
    level = over(ratio, allowed)
    if outputs.scan.objectGuess is None and prediction:
        level = outputs.facts(on_the_data)["level"]
    last = step(ratio, allowed, level, tolerance("INFER-005"))
    return {**outputs.facts(input_steps), OUTPUT: {"test": last}}


def broken(outputs: StageOutputs) -> dict[str, str | None]:
    """Return the first step that breaks the symmetry and the factor at home there, and the gauge of the object.

    What grouping picks has no factor.
    """
    rows = outputs.facts(steps)
    found = first_break(rows)
    own = {split: chain["gain"] for split, chain in outputs.facts(chains).items()}
    factor = None
    if found is not None and found[0] != GROUPED:
        quotient = rows[found[0]][found[1]]["quotient"]
        factor = explanation(quotient, _factors(outputs.scenario.model.probe_scale, **own))
    return {
        "step": "none" if found is None else "{} ({})".format(*found),
        "factor": factor,
        "gauge": _reading(outputs.facts(gauge)),
    }


def first_break(rows: dict[str, dict[str, Row]]) -> tuple[str, str] | None:
    """Return the first step that breaks the symmetry, and the split; None where all keep it."""
    broken = (
        (name, split) for name in rows for split, row in rows[name].items() if row["kept"] is False
    )
    return next(broken, None)


def _factors(scale: float, train: float, test: float) -> dict[str, float]:
    """Factors that are at home in this pipeline, by name: what a broken step may be off by."""
    factors = {"g": train, "1/g": 1 / train, "g^2": train**2, "2": 2.0, "1/2": 0.5}
    factors |= {"probe_scale": scale, "1/probe_scale": 1 / scale}
    factors["own gain of the test split over g"] = test / train
    return {name: factor for name, factor in factors.items() if abs(math.log(factor)) > 1e-9}


def explanation(found: float, factors: dict[str, float]) -> str | None:
    """Return the name of the known factor that a quotient is, the nearest one; None where it is none of them.

    To 5 %, and nearer to the factor than half its way from 1: a factor of 1.03 explains no quotient of 1.08.
    """
    if found <= 0 or not factors:
        return None
    away = {name: abs(math.log(found / factor)) for name, factor in factors.items()}
    name = min(away, key=lambda name: away[name])
    limit = min(tolerance("INFER-005"), abs(math.log(factors[name])) / 2)
    return name if away[name] <= limit else None


def gauge(outputs: StageOutputs) -> dict[str, float | None] | None:
    """Return level and least-squares scalar of the prediction against the truth, nothing rescaled.

    The scalar times the gain is near 1 where the gain stayed in the object.
    """
    known = outputs.facts(scores)
    if known is None:
        return None
    scalar, gain = known["least_squares_scalar"], outputs.facts(chains)["train"]["gain"]
    return {
        "mean_ratio": known["mean_ratio"],
        "gain": gain,
        "least_squares": scalar,
        "times_gain": None if scalar is None else scalar * gain,
    }


def _reading(found: dict[str, float | None] | None) -> str | None:
    """In which gauge an object is, by its least-squares scalar: the absolute one, that of g O, or neither."""
    if found is None:
        return None
    for key, name in (("least_squares", "absolute"), ("times_gain", "g O: the gain was left in")):
        value = found[key]
        if value is not None and abs(value - 1) <= tolerance("INFER-005"):
            return name
    return "neither absolute nor g O"


def oracle(outputs: StageOutputs) -> dict[str, dict[str, float] | None]:
    """Return by split the energy of |F(P O)|^2 of the true object over the measured one, with the container's own probe.

    None where no object is known. `noise`: five standard deviations of the counts.
    """
    rows: dict[str, dict[str, float] | None] = dict.fromkeys(SPLITS)
    for split in SPLITS if outputs.scan.objectGuess is not None else ():
        container = getattr(outputs.containers, split)
        sample = sample_of(container, FRAMES)
        measured, expected = (
            float((part.astype(np.float64) ** 2).sum())
            for part in (sample.measured, sample.expected)
        )
        noise = CONFIDENCE / math.sqrt(container.scale**2 * measured)
        rows[split] = {"energy": expected / measured, "noise": noise}
    return rows


def on_the_data(outputs: StageOutputs) -> dict[str, float | None]:
    """Return what the reconstruction predicts of the frames that it was made from."""
    return told_by_data(outputs, outputs.reconstruction)


def told_by_data(outputs: StageOutputs, reconstruction: Reconstruction) -> dict[str, float | None]:
    """Return what a reconstruction predicts of the test frames, against the measurement; no truth needed.

    - level: sqrt(sum |F(P O)|^2 / sum X^2), the amplitude's level as the counts see it.
    - own: share of the other positions that explain a frame worse than its own does, mean over frames; by
      sum (c A - X)^2 with one best c for all, so that the level has no part in it. Chance is 0.5; `chance` adds
      three standard deviations of the mean of so many uniform ranks.
    """
    if not np.isfinite(reconstruction.object).any():
        return dict.fromkeys(("level", "own", "chance"))
    scan = outputs.halves.test
    rows = spread(scan.size, FRAMES)
    predicted = predict_frames(scan, _filled(reconstruction), rows)
    predicted = predicted if scan.mask is None else predicted * scan.mask
    shown, measured = (
        stack.reshape(len(rows), -1).astype(np.float64) for stack in (predicted, scan.diff3d[rows])
    )
    products, squares = measured @ shown.T, (shown**2).sum(axis=1)
    best = quotient(float(np.trace(products)), float(squares.sum())) or 0.0
    # Of frame i by position j, less what all j have in common.
    errors = best**2 * squares - 2 * best * products
    worse = (errors > np.diagonal(errors)[:, None]).sum(axis=1) / max(1, len(rows) - 1)
    return {
        "level": math.sqrt(float(squares.sum()) / float((measured**2).sum())),
        "own": float(worse.mean()),
        "chance": 0.5 + SIGMAS * math.sqrt(1 / 12 / len(rows)),
    }


def _filled(made: Reconstruction) -> Reconstruction:
    """Uncovered pixels take the mean amplitude of the others, so that a factor on the object is one on its prediction."""
    seen = np.isfinite(made.object)
    level = np.complex64(np.abs(made.object[seen]).mean() if seen.any() else 0)
    return made.model_copy(update={"object": np.where(seen, made.object, level)})


def declared(outputs: StageOutputs) -> Array:
    """Return the pixels of the canvas that the stored light and `min_coverage` declare to count, (H, W) bool."""
    light = outputs.reconstruction.coverage
    lit = light[light > 1e-3]
    if not lit.size:
        return np.zeros(light.shape, bool)
    part = outputs.scenario.inference.min_coverage
    return np.asarray(light >= part * np.percentile(lit, 90))


def doubled(outputs: StageOutputs) -> list[float | None]:
    """Return the factors by which our figures change when the prediction is doubled."""
    made = outputs.reconstruction
    twice = outputs.replaced(reconstruction=made.model_copy(update={"object": 2 * made.object}))
    level, again = (one.facts(on_the_data)["level"] for one in (outputs, twice))
    once, then = (one.facts(gauge) for one in (outputs, twice))
    pairs = [(again, level)]
    if once and then:
        pairs += [(then[key], once[key]) for key in ("mean_ratio", "least_squares")]
    return [over(*pair) for pair in pairs]
