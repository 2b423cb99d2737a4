"""Invariants of the intensity that can fail: closure on the truth, level on the data, null controls, coverage."""

from __future__ import annotations

import math

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.sampled_groups import sample_of
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
SEED = 20
CONFIDENCE, SIGMAS = 5.0, 3.0
"""Standard deviations that counting may cost a closure, and that a null control is exceeded by."""


def oracle(container: Container) -> dict[str, float] | None:
    """Return energy and mean of |F(P O)| of the true object over those measured, with the container's own probe.

    None where no object is known. `limit` is that of SCALE-002 with five standard deviations of the counts added.
    """
    if container.groups.scan.objectGuess is None:
        return None
    sample = sample_of(container, FRAMES)
    measured = sample.measured.astype(np.float64)
    energy = float((measured**2).sum())
    return {
        "energy": float((sample.expected.astype(np.float64) ** 2).sum()) / energy,
        "mean": float(sample.expected.astype(np.float64).mean() / measured.mean()),
        "noise": CONFIDENCE / math.sqrt(container.scale**2 * energy),
        "frames": float(sample.frames),
    }


def on_the_data(material: Material, reconstruction: Reconstruction) -> dict[str, float | None]:
    """Return what the reconstruction predicts of the frames it was made from, against the measurement; no truth needed.

    - level: sqrt(sum |F(P O)|^2 / sum X^2), the amplitude's level as the counts see it.
    - own: share of the other positions that explain a frame worse than its own does, mean over frames; by
      sum (c A - X)^2 with one best c for all, so that the level has no part in it. Chance is 0.5; `chance` adds
      three standard deviations of the mean of so many uniform ranks.
    """
    if not np.isfinite(reconstruction.object).any():
        return dict.fromkeys(("level", "own", "chance", "frames"))
    scan = material.halves.test
    rows = np.unique(np.linspace(0, scan.size - 1, min(scan.size, FRAMES)).astype(int))
    predicted = predict_frames(scan, _filled(reconstruction), rows)
    predicted = predicted if scan.mask is None else predicted * scan.mask
    shown, measured = (
        stack.reshape(len(rows), -1).astype(np.float64) for stack in (predicted, scan.diff3d[rows])
    )
    products, squares = measured @ shown.T, (shown**2).sum(axis=1)
    best = quotient(float(np.trace(products)), float(squares.sum())) or 0.0
    errors = (
        best**2 * squares - 2 * best * products
    )  # of frame i by position j, less what all j have in common
    worse = (errors > np.diagonal(errors)[:, None]).sum(axis=1) / max(1, len(rows) - 1)
    return {
        "level": math.sqrt(float(squares.sum()) / float((measured**2).sum())),
        "own": float(worse.mean()),
        "chance": 0.5 + SIGMAS * math.sqrt(1 / 12 / len(rows)),
        "frames": float(len(rows)),
    }


def _filled(made: Reconstruction) -> Reconstruction:
    """Uncovered pixels take the mean amplitude of the others, so that a factor on the object is one on its prediction."""
    seen = np.isfinite(made.object)
    level = np.complex64(np.abs(made.object[seen]).mean() if seen.any() else 0)
    return made.model_copy(update={"object": np.where(seen, made.object, level)})


def _shuffled(count: int) -> Array:
    """A permutation that leaves nothing in its place."""
    order = generator(SEED, "null control of the audit").permutation(count)
    return np.asarray(order[(np.argsort(order) + 1) % count])


def oracle_patches(material: Material) -> dict[str, float | None] | None:
    """Return Pearson's r of true patches stitched by the pipeline at their positions and at shuffled ones.

    None where no object is known. Scored by the evaluator that scores networks, on covered pixels.
    """
    container, truth = material.containers.test, material.scan.objectGuess
    if truth is None:
        return None
    sample = sample_of(container, FRAMES)
    coords = container.groups.coords[sample.rows]
    places = np.moveaxis(coords[:, 0], 1, 2).reshape(-1, 2)
    moved = places[_shuffled(len(places))].reshape(len(sample.rows), -1, 2)
    shuffled = np.moveaxis(moved, 1, 2)[:, None]
    found: dict[str, float | None] = {}
    for name, at in (("placed", coords), ("shuffled", shuffled)):
        made = material.pipeline.stitch(
            material.scenario, Patches(object=sample.truth, coords=at, probe=container.probe)
        )
        found[name] = amplitude_scores(cut(made, truth))["pearson_r"]
    both = found["placed"], found["shuffled"]
    return found | {"lost": None if both[0] is None or both[1] is None else both[0] - both[1]}


def coverage(material: Material, frame: Frame | None) -> dict[str, float | None]:
    """Return the light that the positions put on the canvas beside the stored one, and which pixels count.

    - light: sum of the stored coverage over B C sum w.
    - strangers: pixels that hold a number without the declared light, or none with it.
    - fraction: covered part of the object's frame; own_mean_ratio and recorded_mean_ratio: mean |rec| / mean |truth| on
      these pixels by two lines of arithmetic, and as the run recorded it; `agreement` their ratio.
    """
    container, made = material.containers.test, material.reconstruction
    weight = made.coverage.astype(np.float64)
    expected = container.groups.nn_indices.size * float(
        illumination_weight(container.probe).astype(np.float64).sum()
    )
    lit = made.coverage[made.coverage > 1e-3]
    part = material.scenario.inference.min_coverage
    declared = (
        made.coverage >= part * np.percentile(lit, 90)
        if lit.size
        else np.zeros(made.coverage.shape, bool)
    )
    own = recorded = None
    if frame is not None and frame.pixels:
        own = quotient(np.abs(frame.rec[frame.mask]).mean(), np.abs(frame.truth[frame.mask]).mean())
        recorded = material.metrics["amplitude"]["mean_ratio"]
    truth = material.scan.objectGuess
    return {
        "light": quotient(float(weight.sum()), expected),
        "strangers": float(np.sum(np.isfinite(made.object) != declared)),
        "pixels": float(covered(made).sum()),
        "fraction": None if frame is None or truth is None else quotient(frame.pixels, truth.size),
        "own_mean_ratio": own,
        "recorded_mean_ratio": recorded,
        "agreement": None if own is None or not recorded else own / recorded,
    }


def reach(material: Material) -> dict[str, float | str | bool | None]:
    """Return ceiling of the amplitude head and largest amplitude that it must reach, object units and gained ones.

    `gained` is what a network in upstream's gauge, whose labels are g O, would have had to put out.
    """
    container = material.containers.train
    head = material.scenario.model.amp_activation
    ceiling, need = CEILINGS.get(head), required_reach(container)
    return {
        "head": head,
        "ceiling": None if ceiling is None else ceiling * container.a0,
        "need": need * container.a0,
        "over_ceiling": None if ceiling is None else need / ceiling,
        "reached": ceiling is None or need <= ceiling,
        "gained": need * container.a0 * container.gain,
    }
