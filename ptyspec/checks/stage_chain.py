"""Mean amplitude from stage to stage up to the truth, what each step may do to it, and the data's scales.

Each function is one block of facts; `StageOutputs.facts` computes it once for all audits and checks.
What stands before the network needs no finished run: the audit `dose` shares it.
"""

import math
from typing import Any

import numpy as np

from ptyspec.checks.stage_outputs import StageOutputs, spread
from ptyspec.contracts.arrays import release_pages
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.physics.level import light_shares
from ptyspec.physics.scale import closed_form_scale, intensity_scale, loader_gain, probe_energy
from ptyspec.pipeline.normalize import batch
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import Frame, covered, cut
from ptyspec.scores.numbers import quotient
from ptyspec.spec.checks import Check
from ptyspec.spec.clause import specification

STAGES = ("raw", "grouped", "loss target", "network input", "prediction", "truth")
"""Stored amplitude of all frames of a split, of those that groups hold, in the loss, g times it in the network, then |O|
of the reconstruction and of the truth on the same covered pixels."""
GROUPED, TARGET, INPUT, OUTPUT = (
    "raw to grouped",
    "grouped to loss target",
    "loss target to network input",
    "network input to prediction",
)
SPLITS = ("train", "test")
MOST_GROUPS = 256
"""Groups whose arrays are looked at, spread over the split."""
CHUNK = 32
SIGMAS = 3.0
CONFIDENCE = 5.0
"""Standard deviations that counting may cost a closure."""
ROUNDING = 1e-6
"""Of single precision products, mean over many."""
FRAMES = 96
"""Frames that are predicted."""
ONCE = ("mean_ratio", "least_squares_scalar", "pearson_r", "mae", "rmse")
"""Recorded scores that must come out of the stored object."""

Row = dict[str, Any]


def tolerance(clause: str) -> float:
    """Return the number of a clause's tolerance."""
    return specification()[clause].tolerance.value


def over(top: float | None, bottom: float | None) -> float | None:
    """Return top / bottom, None where either is unknown or the quotient undefined."""
    return None if top is None or bottom is None else quotient(top, bottom)


def near_one(
    check: Check, value: float | None, limit: float, what: str, why: str = "no value"
) -> None:
    """Require a ratio within `limit` of one; `why` tells why there is no value."""
    check.between(1 - limit, value, 1 + limit, what, why)


def step(ratio: float | None, allowed: float | None, ratios: float | None, limit: float) -> Row:
    """Return a step of the chain: its ratio, the one it may have, their quotient; `kept` is None where it was not seen."""
    kept = None if ratios is None else abs(ratios - 1) <= limit
    return {"ratio": ratio, "allowed": allowed, "quotient": ratios, "limit": limit, "kept": kept}


def chains(outputs: StageOutputs) -> dict[str, Row]:
    """Return by split `means` of the stages before the network, and what its steps are judged by.

    energy: mean_j sum X^2 of its own frames, with the light that a mask hides; gain: the one that it would have of its own; spread: relative standard
    error of the grouped mean, from the spread of the frames.
    """
    found: dict[str, Row] = {}
    for split in SPLITS:
        scan, container = getattr(outputs.halves, split), getattr(outputs.containers, split)
        (level, energies), rows = frame_sums(scan), spread(container.size, MOST_GROUPS)
        grouped = float(level[container.groups.nn_indices[rows]].mean())
        energy, sums = float(energies.mean() / light_shares(scan).mean()), np.zeros(2)
        for first in range(0, len(rows), CHUNK):
            inputs, target = batch(container, rows[first : first + CHUNK])
            for at, part in enumerate((target, inputs["measured"])):
                sums[at] += part.astype(np.float64).mean(axis=(1, 2, 3)).sum()
        values = (float(level.mean()), grouped, *(sums / len(rows)).tolist())
        # A frame serves in C groups on the average, so that B groups tell as much as B / C of them would alone.
        error = float(level.std() / level.mean()) * math.sqrt(container.groups.C / len(rows))
        means, gain = dict(zip(STAGES[:4], values, strict=True)), scan.N / 2 / math.sqrt(energy)
        found[split] = {"means": means, "energy": energy, "gain": gain, "spread": error}
    return found


def frame_sums(scan: RawScan) -> tuple[Array, Array]:
    """Return mean X and sum X^2 of every frame, (M,) float64 each."""
    means, energies = np.empty(scan.size), np.empty(scan.size)
    for first in range(0, scan.size, CHUNK):
        frames = np.asarray(scan.diff3d[first : first + CHUNK], np.float64)
        part = slice(first, first + len(frames))
        means[part], energies[part] = frames.mean(axis=(1, 2)), (frames**2).sum(axis=(1, 2))
        release_pages(scan.diff3d)
    return means, energies


def stages(outputs: StageOutputs) -> dict[str, Row]:
    """Return the mean amplitude of each stage before the network, by split."""
    return {split: dict(chain["means"]) for split, chain in outputs.facts(chains).items()}


def input_steps(outputs: StageOutputs) -> dict[str, dict[str, Row]]:
    """Return the steps before the network, of both splits, in order.

    raw to grouped: 1 within the sampling error. Grouped to loss target: exactly 1. Loss target to network input:
    exactly g, recomputed from the training frames.
    """
    both = outputs.facts(chains)
    steps: dict[str, dict[str, Row]] = {GROUPED: {}, TARGET: {}, INPUT: {}}
    for split, chain in both.items():
        sampling, means = SIGMAS * chain["spread"], [*chain["means"].values()]
        allowed = ((1.0, sampling), (1.0, ROUNDING), (both["train"]["gain"], ROUNDING))
        for at, (name, (may, limit)) in enumerate(zip(steps, allowed, strict=True)):
            ratio = over(means[at + 1], means[at])
            steps[name][split] = step(ratio, may, over(ratio, may), limit)
    return steps


def scales(outputs: StageOutputs) -> Row:
    """Return the stored scale, those that the data give, the closed form, and by split what its container holds.

    photons: s^2 mean sum X^2; declared: None for a measured scan, whose dose is what it holds. counting: how far
    a dose may lie from the declared one, by the tolerance of SYNTH-POISSON-DOSE-001 and the noise. Derived over closed form is the gain that the whole dataset would get.
    """
    scan, both = outputs.scan, outputs.facts(chains)
    energy = float(frame_sums(scan)[1].mean())
    photons, measured = scan.scale**2 * energy, outputs.scenario.measured
    declared = None if measured else outputs.scenario.dose.nphotons
    told = declared or photons
    closed, derived = closed_form_scale(told, scan.N), intensity_scale(told, energy)
    splits = {}
    for split, chain in both.items():
        container = getattr(outputs.containers, split)
        splits[split] = {key: getattr(container, key) for key in ("gain", "scale", "a0")}
        splits[split]["own_gain"] = chain["gain"]
    train = outputs.containers.train
    return {
        "stored": scan.scale,
        "derived": derived,
        "closed_form": closed,
        "stored_over_closed": scan.scale / closed,
        "derived_over_closed": derived / closed,
        "gain_of_all": loader_gain(energy, scan.N),
        "photons": photons,
        "declared": declared,
        "photons_over_declared": over(photons, declared),
        "counting": tolerance("SYNTH-POISSON-DOSE-001") + CONFIDENCE / math.sqrt(told * scan.size),
        "a0_over_own": train.a0 / math.sqrt(both["train"]["energy"] / probe_energy(train.probe)),
        "splits": splits,
    }


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


def predicted(outputs: StageOutputs) -> tuple[Array, Array] | None:
    """Return what the object predicts of test frames, and what was measured: a row a frame. None for a blank object."""
    scan, made = outputs.halves.test, outputs.reconstruction
    rows, seen = spread(scan.size, FRAMES), np.isfinite(made.object)
    if not seen.any():
        return None
    # Uncovered pixels take the others' mean amplitude: a factor on the object is one on its prediction.
    level = np.complex64(np.abs(made.object[seen]).mean())
    filled = made.model_copy(update={"object": np.where(seen, made.object, level)})
    frames = predict_frames(scan, filled, rows)
    frames = frames if scan.mask is None else frames * scan.seen(rows)
    shown, measured = (
        stack.reshape(len(rows), -1).astype(np.float64) for stack in (frames, scan.diff3d[rows])
    )
    return shown, measured


def on_the_data(outputs: StageOutputs) -> float | None:
    """Return sqrt(sum |F(P O)|^2 / sum X^2) of test frames: the amplitude's level as the counts see it, no truth needed."""
    if (both := outputs.facts(predicted)) is None:
        return None
    shown, measured = (float((frames**2).sum()) for frames in both)
    return math.sqrt(shown / measured)


def in_step(outputs: StageOutputs) -> tuple[float, float] | None:
    """Return the share of other positions that explain a frame worse than its own does, and what chance reaches.

    By sum (c A - X)^2 with one best c for all, so that the level has no part in it. Chance is 0.5 and three
    standard deviations of the mean of so many uniform ranks. No truth needed.
    """
    if (both := outputs.facts(predicted)) is None:
        return None
    shown, measured = both
    products, squares, count = measured @ shown.T, (shown**2).sum(axis=1), len(shown)
    best = quotient(float(np.trace(products)), float(squares.sum())) or 0.0
    # Of frame i by position j, less what all j have in common.
    errors = best**2 * squares - 2 * best * products
    worse = (errors > np.diagonal(errors)[:, None]).sum(axis=1) / max(1, count - 1)
    return float(worse.mean()), 0.5 + SIGMAS * math.sqrt(1 / 12 / count)


def doubled(outputs: StageOutputs) -> list[float | None]:
    """Return the factors by which our figures change when the prediction is doubled."""
    made = outputs.reconstruction
    twice = outputs.replaced(reconstruction=made.model_copy(update={"object": 2 * made.object}))
    pairs = [(twice.facts(on_the_data), outputs.facts(on_the_data))]
    once, then = (one.facts(gauge) for one in (outputs, twice))
    if once and then:
        pairs += [(then[key], once[key]) for key in ("mean_ratio", "least_squares")]
    return [over(*pair) for pair in pairs]
