"""Mean amplitude from stage to stage, and what each step may do to it.

Each function tells one block of facts of a material; `StageOutputs.facts` computes it once. What stands before the network
needs no finished run: the audit `dose` shares it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.checks.sampled_groups import spread
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array, release_pages
from ptyspec.contracts.container import Container
from ptyspec.contracts.scan import RawScan
from ptyspec.physics.scale import closed_form_scale, intensity_scale, loader_gain, rms_amplitude
from ptyspec.pipeline.batches import batch
from ptyspec.scores.numbers import quotient
from ptyspec.spec.registry import specification

STAGES = ("raw", "grouped", "loss target", "network input", "prediction", "truth")
"""Stored amplitude of all frames of a split, of those that groups hold, in the loss, g times it in the network, then |O|
of the reconstruction and of the truth on the same covered pixels."""
GROUPED, TARGET, INPUT, OUTPUT = STEPS = (
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

Means = dict[str, float | None]


def tolerance(clause: str) -> float:
    """Return the number of a clause's tolerance."""
    return specification()[clause].tolerance.value


def over(top: float | None, bottom: float | None) -> float | None:
    """Return top / bottom, None where either is unknown or the quotient undefined."""
    return None if top is None or bottom is None else quotient(top, bottom)


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

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**vars(self), "kept": self.kept}


@dataclass(frozen=True)
class SplitChain:
    """Stage means of one split before the network, and the figures that the steps are judged by."""

    means: Means
    energy: float
    """mean_j sum X^2 of its own frames."""
    own_gain: float
    spread: float
    """Relative standard error of the grouped mean, from the spread of the frames."""


def chains(material: StageOutputs) -> dict[str, SplitChain]:
    """Return the chain of both splits, from the raw frames to what the network gets."""
    return {split: _chain(material, split) for split in SPLITS}


def _chain(material: StageOutputs, split: str) -> SplitChain:
    scan: RawScan = getattr(material.halves, split)
    container: Container = getattr(material.containers, split)
    level, energies = frame_sums(scan)
    rows = spread(container.size, MOST_GROUPS)
    target, given = _through(container, rows)
    energy = float(energies.mean())
    grouped = float(level[container.groups.nn_indices[rows]].mean())
    values = (float(level.mean()), grouped, target, given)
    # A frame serves in C groups on the average, so that B groups tell as much as B / C of them would alone.
    error = float(level.std() / level.mean()) * math.sqrt(container.groups.C / len(rows))
    return SplitChain(
        dict(zip(STAGES[:4], values, strict=True)), energy, scan.N / 2 / math.sqrt(energy), error
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


def _through(container: Container, rows: Array) -> tuple[float, float]:
    """Mean of what the loss gets and of what the network gets."""
    target = given = 0.0
    for first in range(0, len(rows), CHUNK):
        inputs, amplitude = batch(container, rows[first : first + CHUNK])
        target += float(amplitude.astype(np.float64).mean(axis=(1, 2, 3)).sum())
        given += float(inputs["measured"].astype(np.float64).mean(axis=(1, 2, 3)).sum())
    return target / len(rows), given / len(rows)


def input_steps(material: StageOutputs) -> dict[str, dict[str, Step]]:
    """Return the steps before the network, of both splits, in order.

    raw to grouped: 1 within the sampling error. Grouped to loss target: exactly 1. Loss target to network input:
    exactly g, recomputed from the training frames.
    """
    both = material.facts(chains)
    gain = both["train"].own_gain

    def step(chain: SplitChain, at: int, allowed: float, limit: float) -> Step:
        ratio = over(chain.means[STAGES[at + 1]], chain.means[STAGES[at]])
        return Step(ratio, allowed, over(ratio, allowed), limit)

    return {
        GROUPED: {name: step(it, 0, 1.0, SIGMAS * it.spread) for name, it in both.items()},
        TARGET: {name: step(it, 1, 1.0, ROUNDING) for name, it in both.items()},
        INPUT: {name: step(it, 2, gain, ROUNDING) for name, it in both.items()},
    }


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
    limit = min(tolerance("INFER-005"), abs(math.log(factors[name])) / 2)
    return name if away[name] <= limit else None


def gains(material: StageOutputs) -> dict[str, Any]:
    """Return the gain that the containers use, those that each split would have of its own, and their difference."""
    own = {split: chain.own_gain for split, chain in material.facts(chains).items()}
    used = {split: getattr(material.containers, split).gain for split in SPLITS}
    return {
        "own": own,
        "used": used,
        "own_difference": 1 - own["train"] / own["test"],
        "used_over_own": used["train"] / own["train"],
    }


def scales(material: StageOutputs) -> dict[str, Any]:
    """Return the stored scale, those that the data give, and the closed form.

    Derived over closed form is the gain that the whole dataset would get. `counting`: what photon noise may cost.
    """
    scan, photons = material.scan, material.scenario.dose.nphotons
    parts = {"all": scan, "train": material.halves.train, "test": material.halves.test}
    energy = {name: float(frame_sums(part)[1].mean()) for name, part in parts.items()}
    derived = {name: intensity_scale(photons, value) for name, value in energy.items()}
    closed = closed_form_scale(photons, scan.N)
    return {
        "nphotons": photons,
        "derived": derived,
        "stored": scan.scale,
        "closed_form": closed,
        "gain_of_all": loader_gain(energy["all"], scan.N),
        "stored_over_closed": scan.scale / closed,
        "derived_over_closed": derived["all"] / closed,
        "derived_difference": 1 - derived["train"] / derived["test"],
        "photons_over_declared": scan.scale**2 * energy["all"] / photons,
        "counting": CONFIDENCE / math.sqrt(photons * scan.size),
    }


def containers(material: StageOutputs) -> dict[str, Any]:
    """Return gain, scale and rms amplitude of both containers, and the latter over what the training frames give."""
    train = material.containers.train
    own = rms_amplitude(material.facts(chains)["train"].energy, train.probe)
    found: dict[str, Any] = {
        split: {key: getattr(getattr(material.containers, split), key) for key in NUMBERS}
        for split in SPLITS
    }
    return found | {"a0_over_own": train.a0 / own, "scan_scale": material.scan.scale}


NUMBERS = ("gain", "scale", "a0")
