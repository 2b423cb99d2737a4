"""Mean amplitude from stage to stage, what each step may do to it, and the product that tells nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.contracts.arrays import Array, release_pages
from ptyspec.contracts.container import Container
from ptyspec.contracts.scan import RawScan
from ptyspec.pipeline.batches import batch
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import Frame, cut
from ptyspec.scores.numbers import quotient

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
ROUNDING = 1e-6
"""Of single precision products, mean over many."""
LEVEL = 0.05
"""The closing gate of the amplitude (INFER-005)."""

Means = dict[str, float | None]


@dataclass(frozen=True)
class Step:
    """One step of the chain in one split: quotient = observed ratio / ratio that the step may have; 1 within `limit`."""

    ratio: float | None
    allowed: float | None
    quotient: float | None
    limit: float

    @property
    def kept(self) -> bool | None:
        """Whether the step keeps the symmetry; None where it was not seen."""
        return None if self.quotient is None else abs(self.quotient - 1) <= self.limit


@dataclass(frozen=True)
class SplitChain:
    """Stage means of one split, and the figures that the steps are judged by."""

    means: Means
    energy: float
    """mean_j sum X^2 of its own frames."""
    own_gain: float
    spread: float
    """Relative standard error of the grouped mean, from the spread of the frames."""
    input_energy: float
    groups: int


def frame_of(material: Material) -> Frame | None:
    """Return the covered pixels of the reconstruction beside the truth; None where no object is known."""
    truth = material.scan.objectGuess
    return None if truth is None else cut(material.reconstruction, truth)


def split_chain(material: Material, split: str) -> SplitChain:
    """Return the chain of one split; only the test split is reconstructed."""
    scan: RawScan = getattr(material.halves, split)
    container: Container = getattr(material.containers, split)
    level, energies = frame_sums(scan)
    rows = np.unique(
        np.linspace(0, container.size - 1, min(container.size, MOST_GROUPS)).round().astype(int)
    )
    members = container.groups.nn_indices[rows]
    target, given, given_energy = _through(container, rows)
    energy = float(energies.mean())
    found: Means = {
        "raw": float(level.mean()),
        "grouped": float(level[members].mean()),
        "loss target": target,
        "network input": given,
    }
    return SplitChain(
        found | _object_means(material, split),
        energy,
        scan.N / 2 / math.sqrt(energy),
        # A frame serves in C groups on the average, so that B groups tell as much as B / C of them would alone.
        float(level.std() / level.mean()) * math.sqrt(container.groups.C / len(rows)),
        given_energy,
        len(rows),
    )


def frame_sums(scan: RawScan) -> tuple[Array, Array]:
    """Return mean X and sum X^2 of every frame, (M,) float64 each."""
    means, energies = np.empty(scan.size), np.empty(scan.size)
    for first in range(0, scan.size, CHUNK):
        frames = np.asarray(scan.diff3d[first : first + CHUNK], np.float64)
        part = slice(first, first + len(frames))
        means[part], energies[part] = frames.mean(axis=(1, 2)), (frames**2).sum(axis=(1, 2))
        release_pages(scan.diff3d)
    return means, energies


def _through(container: Container, rows: Array) -> tuple[float, float, float]:
    """Mean of what the loss gets and of what the network gets, and the latter's mean energy a frame."""
    target = given = energy = 0.0
    for first in range(0, len(rows), CHUNK):
        inputs, amplitude = batch(container, rows[first : first + CHUNK])
        measured = inputs["measured"].astype(np.float64)
        target += float(amplitude.astype(np.float64).mean(axis=(1, 2, 3)).sum())
        given += float(measured.mean(axis=(1, 2, 3)).sum())
        energy += float((measured**2).sum(axis=(1, 2)).mean(axis=1).sum())
    return target / len(rows), given / len(rows), energy / len(rows)


def _object_means(material: Material, split: str) -> Means:
    truth = material.scan.objectGuess
    made = (
        material.reconstruction if split == "test" else getattr(material.containers, split).coarse
    )
    if truth is None:
        seen = np.abs(made.object[np.isfinite(made.object)])
        return {
            "prediction": float(seen.mean()) if split == "test" and seen.size else None,
            "truth": None,
        }
    frame = cut(made, truth)
    if frame.pixels == 0:
        return {"prediction": None, "truth": None}
    prediction, known = (
        float(np.abs(image[frame.mask]).mean()) for image in (frame.rec, frame.truth)
    )
    return {"prediction": prediction if split == "test" else None, "truth": known}


def steps_of(
    chains: Mapping[str, SplitChain], gain: float, level: float | None
) -> dict[str, dict[str, Step]]:
    """Return every step of both splits, in order.

    raw to grouped: 1 within the sampling error. Grouped to loss target: exactly 1. Loss target to network input:
    exactly g, which is `gain`, recomputed from the training frames. Network input to prediction: exactly 1/g times
    the ratio of object to measurement, so that the quotient is the level of the prediction; `level` is that of the
    data where no object is known.
    """
    found: dict[str, dict[str, Step]] = {}
    for split, chain in chains.items():
        means = chain.means
        steps = {
            GROUPED: _step(means, "raw", "grouped", 1.0, SIGMAS * chain.spread),
            TARGET: _step(means, "grouped", "loss target", 1.0, ROUNDING),
            INPUT: _step(means, "loss target", "network input", gain, ROUNDING),
        }
        if split == "test":
            steps[OUTPUT] = _output(means, gain, level)
        for name, step in steps.items():
            found.setdefault(name, {})[split] = step
    return found


def _step(means: Means, first: str, then: str, allowed: float, limit: float) -> Step:
    ratio = _over(means[then], means[first])
    return Step(ratio, allowed, _over(ratio, allowed), limit)


def _output(means: Means, gain: float, level: float | None) -> Step:
    ratio = _over(means["prediction"], means["network input"])
    if means["truth"] is None:
        return Step(ratio, None, level if means["prediction"] else None, LEVEL)
    allowed = _over(_over(means["truth"], means["loss target"]), gain)
    return Step(ratio, allowed, _over(ratio, allowed), LEVEL)


def first_break(steps: Mapping[str, Mapping[str, Step]]) -> tuple[str, Step] | None:
    """Return the first step that breaks the symmetry, with the split in its name, or None."""
    for name, parts in steps.items():
        for split, step in parts.items():
            if step.kept is False:
                return f"{name} ({split})", step
    return None


def explanation(found: float, factors: Mapping[str, float]) -> str | None:
    """Return the name of the known factor that a quotient is, the nearest one; None where it is none of them.

    To 5 %, and nearer to the factor than half its way from 1: a factor of 1.03 explains no quotient of 1.08.
    """
    if found <= 0 or not factors:
        return None
    away = {name: abs(math.log(found / factor)) for name, factor in factors.items()}
    name = min(away, key=lambda name: away[name])
    return name if away[name] <= min(LEVEL, abs(math.log(factors[name])) / 2) else None


def chain_product(means: Means) -> float | None:
    """Return the product of the adjacent ratios raw, grouped, network input, prediction, truth, as the investigation did.

    It telescopes to mean(truth) / mean(raw): the prediction cancels.
    """
    product: float | None = 1.0
    stages = ("raw", "grouped", "network input", "prediction", "truth")
    for first, then in pairwise(stages):
        ratio = _over(means[then], means[first])
        product = None if ratio is None or product is None else product * ratio
    return product


def gauge_of(frame: Frame, gain: float) -> dict[str, float | None]:
    """Return least-squares scalar of the prediction, times the gain, mean ratio and Pearson's r; nothing rescaled."""
    found = amplitude_scores(frame)
    scalar = found["least_squares_scalar"]
    return {
        "least_squares": scalar,
        "times_gain": None if scalar is None else scalar * gain,
        "mean_ratio": found["mean_ratio"],
        "pearson_r": found["pearson_r"],
    }


def _over(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or bottom is None else quotient(top, bottom)
