"""The investigation's recorded scans, replayed with the ideal probe and our physics; nothing is trained.

Upstream facts 3.4 and 5.1: x, then y, uniform in [10, 382) from the legacy generator seeded with 42
whatever the scenario said; split at the median y.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from ptyspec.checks.probe import PROBE_SCALE
from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import ObjectSpec, ProbeSpec
from ptyspec.physics.objects import make_object
from ptyspec.physics.probes import make_probe
from ptyspec.physics.simulate import field_amplitudes

SIZE, PHOTONS = 64, 1e9
"""Side of a frame, mean photons a frame."""
BUFFER, OBJECT, SEED = 10, 392, 42


@dataclass(frozen=True)
class Half:
    """One split of a replayed scan: positions, mean stored amplitude and sum of squares of each frame."""

    positions: Array
    mean: Array
    energy: Array

    @property
    def scale(self) -> float:
        """The dataset-derived scale, of this half alone."""
        return math.sqrt(PHOTONS / float(self.energy.mean()))


@cache
def recorded_positions(frames: int) -> tuple[Array, dict[str, Array]]:
    """(frames, 2) positions [x, y] of a recorded scan of so many frames, and the rows of both splits."""
    draws = np.random.RandomState(SEED)  # a private instance: the global generator is never touched
    x, y = (draws.uniform(BUFFER, OBJECT - BUFFER, frames) for _ in range(2))
    order = np.argsort(y, kind="stable")
    parts = {"train": order[: frames // 2], "test": order[frames // 2 :]}
    return np.stack([x, y], axis=1), parts


@cache
def replayed(frames: int) -> dict[str, Half]:
    """Both splits of the recorded ideal-probe scan of so many frames; x and y drawn as upstream drew them."""
    obj = make_object(ObjectSpec(size=OBJECT), SEED)
    probe = make_probe(ProbeSpec(kind="ideal"), SIZE, PROBE_SCALE, seed=0)
    positions, parts = recorded_positions(frames)
    clean = np.concatenate(list(field_amplitudes(obj, probe, positions))).astype(np.float64)
    scale = math.sqrt(PHOTONS / float(np.sum(clean**2) / frames))
    draws = np.random.RandomState(SEED)  # a private instance: the global generator is never touched
    stored = np.sqrt(draws.poisson((scale * clean) ** 2)) / scale
    mean, energy = stored.mean(axis=(1, 2)), np.sum(stored**2, axis=(1, 2))
    return {name: Half(positions[part], mean[part], energy[part]) for name, part in parts.items()}
