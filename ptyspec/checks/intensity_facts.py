"""What stage outputs tell of the object's level: the chain to the truth, closures, the data's own word, coverage.

Each function is one block of facts, JSON values; `StageOutputs.facts` computes it once for all audits and checks.
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
    Means,
    Step,
    chains,
    explanation,
    first_break,
    gains,
    input_steps,
    over,
    tolerance,
)
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Container, Patches, Reconstruction
from ptyspec.networks.reach import CEILINGS, required_reach
from ptyspec.physics.scale import illumination_weight
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import Frame, covered, cut
from ptyspec.scores.numbers import quotient
from ptyspec.seeds import generator

FRAMES = 96
"""Frames that are predicted."""
ONCE = ("mean_ratio", "least_squares_scalar", "pearson_r", "mae", "rmse")
"""Recorded scores that must come out of the stored object."""


def frame(material: StageOutputs) -> Frame | None:
    """Return the covered pixels of the reconstruction beside the truth; None where there is no such pixel or truth."""
    truth = material.scan.objectGuess
    found = None if truth is None else cut(material.reconstruction, truth)
    return found if found is not None and found.pixels else None


def scores(material: StageOutputs) -> dict[str, Any] | None:
    """Return the amplitude scores of the stored object; None where there is no frame."""
    seen = material.facts(frame)
    return None if seen is None else amplitude_scores(seen)


def means(material: StageOutputs) -> dict[str, Means]:
    """Return the means of all stages by split; only the test split is reconstructed."""
    truth, coarse = material.scan.objectGuess, material.containers.train.coarse
    seen, known = material.facts(frame), None if truth is None else cut(coarse, truth)
    both = {split: dict(chain.means) for split, chain in material.facts(chains).items()}
    both["train"] |= {"prediction": None, "truth": _mean(known, "truth")}
    both["test"] |= {"prediction": _mean(seen, "rec"), "truth": _mean(seen, "truth")}
    if truth is None:  # by the data alone
        made = material.reconstruction
        values = np.abs(made.object[covered(made)])
        both["test"]["prediction"] = float(values.mean()) if values.size else None
    return both


def _mean(seen: Frame | None, image: str) -> float | None:
    if seen is None or not seen.pixels:
        return None
    return float(np.abs(getattr(seen, image)[seen.mask]).mean())


def all_steps(material: StageOutputs) -> dict[str, dict[str, Step]]:
    """Return the steps of both splits with the last one, from the network's input to the prediction.

    That is exactly 1/g times the ratio of object to measurement, so that its quotient is the level of the prediction;
    the level on the data where no object is known.
    """
    known, gain = material.facts(means)["test"], material.facts(chains)["train"].own_gain
    ratio = over(known["prediction"], known["network input"])
    allowed = over(over(known["truth"], known["loss target"]), gain)
    level = over(ratio, allowed)
    if material.scan.objectGuess is None and known["prediction"]:
        level = material.facts(on_the_data)["level"]
    last = Step(ratio, allowed, level, tolerance("INFER-005"))
    return {**material.facts(input_steps), OUTPUT: {"test": last}}


def steps(material: StageOutputs) -> dict[str, Any]:
    """Return the steps as JSON."""
    return {
        name: {split: step.as_json() for split, step in parts.items()}
        for name, parts in material.facts(all_steps).items()
    }


def broken(material: StageOutputs) -> dict[str, str | None]:
    """Return the first step that breaks the symmetry and the factor at home there, and the gauge of the object.

    What grouping picks has no factor.
    """
    found = first_break(material.facts(all_steps))
    factor = None
    if found is not None and not found[0].startswith(GROUPED):
        factor = explanation(found[1].quotient or 0.0, _factors(material))
    return {
        "step": "none" if found is None else found[0],
        "factor": factor,
        "gauge": reading(material.facts(gauge)),
    }


def _factors(material: StageOutputs) -> dict[str, float]:
    """Factors that are at home in this pipeline, by name: what a broken step may be off by."""
    own, scale = material.facts(gains)["own"], material.scenario.model.probe_scale
    gain = own["train"]
    factors = {"g": gain, "1/g": 1 / gain, "g^2": gain**2, "2": 2.0, "1/2": 0.5}
    factors |= {"probe_scale": scale, "1/probe_scale": 1 / scale}
    factors["own gain of the test split over g"] = own["test"] / gain
    return {name: factor for name, factor in factors.items() if abs(math.log(factor)) > 1e-9}


def gauge(material: StageOutputs) -> dict[str, float | None] | None:
    """Return level and least-squares scalar of the prediction against the truth, nothing rescaled.

    The scalar times the gain is near 1 where the gain stayed in the object.
    """
    found = material.facts(scores)
    if found is None:
        return None
    scalar, gain = found["least_squares_scalar"], material.facts(chains)["train"].own_gain
    return {
        "mean_ratio": found["mean_ratio"],
        "gain": gain,
        "least_squares": scalar,
        "times_gain": None if scalar is None else scalar * gain,
    }


def reading(found: dict[str, float | None] | None) -> str | None:
    """Return in which gauge an object is, by its least-squares scalar: the absolute one, that of g O, or neither."""
    if found is None:
        return None
    for key, name in (("least_squares", "absolute"), ("times_gain", "g O: the gain was left in")):
        value = found[key]
        if value is not None and abs(value - 1) <= tolerance("INFER-005"):
            return name
    return "neither absolute nor g O"


def provenance(material: StageOutputs) -> dict[str, Any] | None:
    """Return whether the recorded scores come out of the stored object: no flag has to be believed."""
    again = material.facts(scores)
    if again is None:
        return None
    recorded = material.metrics["amplitude"]
    return {
        "recorded": {key: recorded[key] for key in ONCE},
        "again": {key: again[key] for key in ONCE},
        "factor": over(again["mean_ratio"], recorded["mean_ratio"]),
        "agrees": all(again[key] == recorded[key] for key in ONCE),
    }


def as_scored(material: StageOutputs) -> bool:
    """Return whether there is a truth, and the recorded scores are those of the stored object."""
    told = material.facts(provenance)
    return told is not None and bool(told["agrees"])


def oracle(material: StageOutputs) -> dict[str, dict[str, float] | None]:
    """Return the closure of the true object in both splits."""
    return {split: closure(getattr(material.containers, split)) for split in SPLITS}


def closure(container: Container) -> dict[str, float] | None:
    """Return energy and mean of |F(P O)| of the true object over those measured, with the container's own probe.

    None where no object is known. `noise`: five standard deviations of the counts.
    """
    if container.groups.scan.objectGuess is None:
        return None
    sample = sample_of(container, FRAMES)
    measured, expected = (part.astype(np.float64) for part in (sample.measured, sample.expected))
    energy = float((measured**2).sum())
    return {
        "energy": float((expected**2).sum()) / energy,
        "mean": float(expected.mean() / measured.mean()),
        "noise": CONFIDENCE / math.sqrt(container.scale**2 * energy),
    }


def on_the_data(material: StageOutputs) -> dict[str, float | None]:
    """Return what the reconstruction predicts of the frames that it was made from."""
    return told_by_data(material, material.reconstruction)


def told_by_data(material: StageOutputs, reconstruction: Reconstruction) -> dict[str, float | None]:
    """Return what a reconstruction predicts of the test frames, against the measurement; no truth needed.

    - level: sqrt(sum |F(P O)|^2 / sum X^2), the amplitude's level as the counts see it.
    - own: share of the other positions that explain a frame worse than its own does, mean over frames; by
      sum (c A - X)^2 with one best c for all, so that the level has no part in it. Chance is 0.5; `chance` adds
      three standard deviations of the mean of so many uniform ranks.
    """
    if not np.isfinite(reconstruction.object).any():
        return dict.fromkeys(("level", "own", "chance"))
    scan = material.halves.test
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


def oracle_patches(material: StageOutputs) -> dict[str, float | None] | None:
    """Return Pearson's r of true patches stitched by the pipeline at their positions and at shuffled ones.

    None where no object is known. Scored by the evaluator that scores networks, on covered pixels.
    """
    container, truth = material.containers.test, material.scan.objectGuess
    if truth is None:
        return None
    sample = sample_of(container, FRAMES)
    coords = container.groups.coords[sample.rows]
    places = np.moveaxis(coords[:, 0], 1, 2).reshape(-1, 2)
    order = generator(20, "null control of the audit").permutation(len(places))
    nowhere = order[(np.argsort(order) + 1) % len(places)]  # leaves nothing in its place
    shuffled = np.moveaxis(places[nowhere].reshape(len(sample.rows), -1, 2), 1, 2)[:, None]
    found: dict[str, float | None] = {}
    for name, at in (("placed", coords), ("shuffled", shuffled)):
        patches = Patches(object=sample.truth, coords=at, probe=container.probe)
        made = material.pipeline.stitch(material.scenario, patches)
        found[name] = amplitude_scores(cut(made, truth))["pearson_r"]
    both = found["placed"], found["shuffled"]
    return found | {"lost": None if both[0] is None or both[1] is None else both[0] - both[1]}


def declared(material: StageOutputs) -> Array:
    """Return the pixels of the canvas that the stored light and `min_coverage` declare to count, (H, W) bool."""
    light = material.reconstruction.coverage
    lit = light[light > 1e-3]
    if not lit.size:
        return np.zeros(light.shape, bool)
    part = material.scenario.inference.min_coverage
    return np.asarray(light >= part * np.percentile(lit, 90))


def coverage(material: StageOutputs) -> dict[str, float | None]:
    """Return the light that the positions put on the canvas beside the stored one, and which pixels count.

    - light: sum of the stored coverage over B C sum w.
    - strangers: pixels that hold a number without the declared light, or none with it.
    - agreement: mean |rec| / mean |truth| on these pixels over the same as the run recorded it.
    """
    container, made = material.containers.test, material.reconstruction
    seen = material.facts(frame)
    weight = float(illumination_weight(container.probe).astype(np.float64).sum())
    expected = container.groups.nn_indices.size * weight
    own = recorded = None
    if seen is not None:
        own = quotient(np.abs(seen.rec[seen.mask]).mean(), np.abs(seen.truth[seen.mask]).mean())
        recorded = material.metrics["amplitude"]["mean_ratio"]
    return {
        "light": quotient(float(made.coverage.astype(np.float64).sum()), expected),
        "strangers": float(np.sum(np.isfinite(made.object) != material.facts(declared))),
        "agreement": None if not recorded else over(own, recorded),
    }


def reach(material: StageOutputs) -> dict[str, Any]:
    """Return ceiling of the amplitude head and largest amplitude that it must reach."""
    container = material.containers.train
    ceiling = CEILINGS.get(material.scenario.model.amp_activation)
    return {
        "ceiling": None if ceiling is None else ceiling * container.a0,
        "need": required_reach(container) * container.a0,
    }


def doubled(material: StageOutputs) -> dict[str, float | None]:
    """Return the factors by which our figures change when the prediction is doubled."""
    made = material.reconstruction
    twice = material.replaced(reconstruction=made.model_copy(update={"object": 2 * made.object}))
    once, then = ((one.facts(on_the_data), one.facts(gauge)) for one in (material, twice))
    factors = {"level": over(then[0]["level"], once[0]["level"])}
    if once[1] is not None and then[1] is not None:
        factors |= {
            key: over(then[1][key], once[1][key]) for key in ("mean_ratio", "least_squares")
        }
    return factors


def evaluator(material: StageOutputs) -> dict[str, float | None] | None:
    """Return the level that the pipeline's own evaluator gives to the object and to twice the object."""
    if material.facts(frame) is None:
        return None
    made, levels = material.reconstruction, []
    for factor in (1, 2):
        other = made.model_copy(update={"object": factor * made.object})
        scores = material.pipeline.score(material.scenario, material.halves.test, other)
        levels.append(scores["amplitude"]["mean_ratio"])
    return {"once": levels[0], "twice": levels[1], "factor": over(levels[1], levels[0])}
