"""What stage outputs tell of the object's level: the chain to the truth, closures, the data's own word.

Each function is one block of facts; `StageOutputs.facts` computes it once for all audits and checks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.checks.sampled_groups import spread
from ptyspec.checks.stage_chain import (
    OUTPUT,
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
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import Frame, covered, cut

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
    images = {}
    if seen is not None:
        images = {"prediction": seen.rec[seen.mask], "truth": seen.truth[seen.mask]}
    elif outputs.scan.objectGuess is None:  # by the data alone
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
        level = outputs.facts(on_the_data)
    last = step(ratio, allowed, level, tolerance("INFER-005"))
    return {**outputs.facts(input_steps), OUTPUT: {"test": last}}


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


def on_the_data(outputs: StageOutputs) -> float | None:
    """Return sqrt(sum |F(P O)|^2 / sum X^2) of test frames: the amplitude's level as the counts see it, no truth needed."""
    scan, made = outputs.halves.test, outputs.reconstruction
    rows, seen = spread(scan.size, FRAMES), np.isfinite(made.object)
    if not seen.any():
        return None
    # Uncovered pixels take the others' mean amplitude: a factor on the object is one on its prediction.
    level = np.complex64(np.abs(made.object[seen]).mean())
    filled = made.model_copy(update={"object": np.where(seen, made.object, level)})
    predicted = predict_frames(scan, filled, rows)
    predicted = predicted if scan.mask is None else predicted * scan.mask
    energy, measured = (
        float((stack.astype(np.float64) ** 2).sum()) for stack in (predicted, scan.diff3d[rows])
    )
    return math.sqrt(energy / measured)


def doubled(outputs: StageOutputs) -> list[float | None]:
    """Return the factors by which our figures change when the prediction is doubled."""
    made = outputs.reconstruction
    twice = outputs.replaced(reconstruction=made.model_copy(update={"object": 2 * made.object}))
    pairs = [(twice.facts(on_the_data), outputs.facts(on_the_data))]
    once, then = (one.facts(gauge) for one in (outputs, twice))
    if once and then:
        pairs += [(then[key], once[key]) for key in ("mean_ratio", "least_squares")]
    return [over(*pair) for pair in pairs]
