"""The investigation's recorded figures that are deterministic, recomputed: recorded beside ours, with the reason of a difference.

The recorded scans are replayed (recorded_scan.py) with the ideal probe and our physics; nothing is trained. A figure
either follows from the settings (limit: 1 %, or 0.5 px for lengths), or from 64 groups that upstream drew without a
seed: then it must lie within three standard deviations of what 64 groups of the replayed scan give. Figures of the
custom probe are not here: its file is not public.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from ptyspec.checks.probe_recorded import RECORDED
from ptyspec.checks.recorded_scan import OBJECT, SEED, recorded_groups, recorded_positions
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import ObjectSpec, ProbeSpec
from ptyspec.legacy.params import derived_sizes, legacy_defaults
from ptyspec.physics.objects import make_object
from ptyspec.physics.probes import central_mask, make_probe
from ptyspec.physics.simulate import field_amplitudes

PERCENT, PIXELS, SIGMAS, ROUNDING = 0.01, 0.5, 3.0, 0.0005
"""Limits; the last is half of the third digit, to which stage means were recorded."""
SIZE, PHOTONS, LIMIT = 64, 1e9, 64
"""Side of a frame, mean photons a frame, groups that inference was limited to."""
DRAWS = 400


@dataclass(frozen=True)
class Figure:
    """One recorded figure beside ours; `limit` is an absolute distance, and `why` says what may differ."""

    name: str
    recorded: float
    ours: float
    limit: float
    kind: str
    """`1 %`, `0.5 px`, `sampling`, or `digits` (to the last recorded one)."""
    why: str = "none: it follows from the settings"

    @property
    def holds(self) -> bool:
        """True where ours lies within the limit."""
        return abs(self.ours - self.recorded) <= self.limit


def figures() -> list[Figure]:
    """Return all of them; takes two seconds."""
    return [*_settings(), *_object_and_probe(), *_scales(), *_stages(), *_geometry(), *_chains()]


@dataclass(frozen=True)
class Half:
    """One split of a replayed scan: positions, and of each frame the mean stored amplitude and its sum of squares."""

    positions: Array
    mean: Array
    energy: Array

    @property
    def scale(self) -> float:
        """The dataset-derived scale, of this half alone."""
        return math.sqrt(PHOTONS / float(self.energy.mean()))


@cache
def replayed(frames: int) -> dict[str, Half]:
    """Both splits of the recorded ideal-probe scan of so many frames; x and y drawn as upstream drew them."""
    obj = make_object(ObjectSpec(size=OBJECT), SEED)
    probe = make_probe(ProbeSpec(kind="ideal"), SIZE, 10.0, seed=0)
    positions = recorded_positions(frames)
    clean = np.concatenate(list(field_amplitudes(obj, probe, positions))).astype(np.float64)
    scale = math.sqrt(PHOTONS / float(np.sum(clean**2) / frames))
    draws = np.random.RandomState(SEED)  # a private instance: the global generator is never touched
    stored = np.sqrt(draws.poisson((scale * clean) ** 2)) / scale
    mean, energy = stored.mean(axis=(1, 2)), np.sum(stored**2, axis=(1, 2))
    order = np.argsort(positions[:, 1], kind="stable")
    parts = {"train": order[: frames // 2], "test": order[frames // 2 :]}
    return {name: Half(positions[part], mean[part], energy[part]) for name, part in parts.items()}


def _near(name: str, recorded: float, ours: float, why: str = Figure.why) -> Figure:
    return Figure(name, recorded, ours, PERCENT * abs(recorded), "1 %", why)


def _length(name: str, recorded: float, ours: float, why: str = Figure.why) -> Figure:
    return Figure(name, recorded, ours, PIXELS, "0.5 px", why)


def _settings() -> Iterator[Figure]:
    for size, recorded in ((64, 988.2118), (128, 494.106)):
        yield _near(f"closed-form scale, N = {size}", recorded, math.sqrt(PHOTONS) / (size / 2))
    for size, gridsize, recorded in ((64, 1, 74), (64, 2, 78), (128, 1, 138), (128, 2, 142)):
        sizes = derived_sizes(legacy_defaults() | {"N": size, "gridsize": gridsize})
        yield _length(f"padded size, N = {size}, gridsize {gridsize}, px", recorded, sizes.padded)


def _object_and_probe() -> Iterator[Figure]:
    obj = np.abs(make_object(ObjectSpec(size=OBJECT), SEED))
    for name, recorded, ours in (
        ("mean", 2.7082475, obj.mean()),
        ("std", 0.6410303, obj.std()),
        ("min", 0.6128977, obj.min()),
        ("max", 4.8561266, obj.max()),
    ):
        yield _near(f"lines object, {name}", recorded, float(ours))
    probe = np.abs(make_probe(ProbeSpec(kind="ideal"), SIZE, 10.0, seed=0))
    told = RECORDED["disk, as in the pipeline"]
    norm = float(np.sqrt(np.sum(probe.astype(np.float64) ** 2)))
    for name, recorded, ours in (
        ("mean", told["mean"], probe.mean()),
        ("max", told["max"], probe.max()),
        ("L2 norm", told["l2"], norm),
        ("energy", 400.8, norm**2),
        ("pixels of the mask", 812, central_mask(SIZE, SIZE // 2).sum()),
    ):
        yield _near(f"ideal probe, {name}", recorded, float(ours))


def _scales() -> Iterator[Figure]:
    recorded = {"gs1": (512, 558.29, 576.60, 0.0317), "gs2": (1024, 543.28, 577.74, 0.0596)}
    why = (
        "0.03 % in all four: a factor common to the whole dataset, such as the probe's last digits"
    )
    for name, (frames, train, test, apart) in recorded.items():
        halves = replayed(frames)
        ours = halves["train"].scale, halves["test"].scale
        yield _near(f"{name}_ideal, dataset-derived scale, train", train, ours[0], why)
        yield _near(f"{name}_ideal, dataset-derived scale, test", test, ours[1], why)
        yield _near(
            f"{name}_ideal, train | test difference of the scale", apart, 1 - ours[0] / ours[1]
        )


def _stages() -> Iterator[Figure]:
    recorded = {
        "gs1": (512, 1, 0.147, 0.153, 0.085, 0.560),
        "gs2": (1024, 4, 0.1458, 0.147, 0.085, 0.577),
    }
    why = f"{LIMIT} groups drawn without a seed; the spread is that of {DRAWS} such draws"
    for name, (frames, members, raw, grouped, network, gain) in recorded.items():
        half = replayed(frames)["test"]
        yield _near(
            f"{name}_ideal, raw mean, test",
            raw,
            float(half.mean.mean()),
            "unexplained: photon noise gives 0.1 %, cutting the probe's blur at 3 sigma 0.03 %, the third digit 0.3 %",
        )
        drawn = _samples(half, members)
        for what, value, column in (
            ("grouped mean", grouped, 0),
            ("gain g", gain, 1),
            ("network input mean", network, 2),
        ):
            spread = float(drawn[:, column].std())
            yield Figure(
                f"{name}_ideal, {what}, {LIMIT} test groups",
                value,
                float(drawn[:, column].mean()),
                SIGMAS * spread + ROUNDING,
                "sampling",
                why,
            )


def _samples(half: Half, members: int) -> Array:
    """(DRAWS, 3) grouped mean, gain and mean network input of so many random choices of LIMIT groups."""
    draws = np.random.default_rng(SEED)
    near = _nearest(half.positions, members)
    rows = []
    for _ in range(DRAWS):
        chosen = near[draws.choice(len(near), LIMIT, replace=False)]
        gain = (SIZE / 2) / math.sqrt(float(half.energy[chosen].mean()))
        rows.append((half.mean[chosen].mean(), gain, gain * half.mean[chosen].mean()))
    return np.array(rows)


def _nearest(positions: Array, count: int) -> Array:
    """(M, count) each frame and its count - 1 nearest others."""
    from scipy.spatial import cKDTree

    _, near = cKDTree(positions).query(positions, k=count)
    found: Array = np.asarray(near, np.int64).reshape(len(positions), count)
    return found


def _geometry() -> Iterator[Figure]:
    for name, frames, members, recorded in (
        ("gs1, 512", 512, 1, 828),
        ("dose_legacy_gs2, 1,024", 1024, 4, 824),
    ):
        offsets, _ = recorded_groups(frames, members)["test"]
        yield _length(
            f"{name} frames, canvas by upstream's rule for absolute offsets, px",
            recorded,
            _rule(offsets),
        )
    draws = np.random.default_rng(SEED)
    for frames, count, side in ((8000, 1000, 826), (1024, 128, 822)):
        offsets, _ = recorded_groups(frames, 4)["test"]
        sides = np.array(
            [_rule(offsets[draws.choice(len(offsets), count, replace=False)]) for _ in range(DRAWS)]
        )
        name = f"gs2, {frames:,} frames, canvas by upstream's rule, {count:,} test groups, px"
        yield Figure(
            name,
            side,
            float(sides.mean()),
            SIGMAS * float(sides.std()),
            "sampling",
            "groups drawn without a seed",
        )
    why = "1,000 of these 16,000 groups, drawn without a seed; the spread is that of such draws, and half a recorded digit"
    for part, (low, high) in (("train", (11, 193)), ("test", (195, 381))):
        offsets, relatives = recorded_groups(8000, 4)[part]
        chosen = [draws.choice(len(offsets), 1000, replace=False) for _ in range(DRAWS)]
        for value, what, extreme in ((low, "smallest", np.min), (high, "largest", np.max)):
            found = np.array([extreme(offsets[rows, 1]) for rows in chosen])
            name = f"gs2, 8,000 frames, {what} y of {part} offsets, px"
            yield Figure(
                name, value, float(found.mean()), SIGMAS * float(found.std()) + 0.5, "sampling", why
            )
        if part == "train":
            yield Figure(
                "gs2, 8,000 frames, largest relative offset, px",
                9.85,
                float(np.abs(relatives).max()),
                0.005,
                "digits",
                "none: January's groups held their own frame and 3 of its 4 nearest others; of 4 others it is 10.75",
            )
            found = np.array([relatives[rows].std() for rows in chosen])
            name = "gs2, 8,000 frames, standard deviation of relative offsets, px"
            yield Figure(
                name,
                1.95,
                float(found.mean()),
                SIGMAS * float(found.std()) + 0.005,
                "sampling",
                why,
            )


def _rule(offsets: Array) -> int:
    """Return the side by upstream's rule: ceil(N + 2 max|absolute offset|), made even like N."""
    side = math.ceil(SIZE + 2 * float(np.abs(offsets).max()))
    return side + side % 2


def _chains() -> Iterator[Figure]:
    truth = float(np.abs(make_object(ObjectSpec(size=OBJECT), SEED)).mean())
    raw = float(replayed(1024)["test"].mean.mean())
    yield _near(
        "gs2_ideal, chain product = mean truth / mean raw",
        18.571,
        truth / raw,
        "that of the raw mean",
    )
    yield _near(
        "dose_legacy_gs2, chain product = mean truth / mean raw",
        1.986,
        truth / 1.363,
        "the raw mean 1.363 is the recorded one: the custom probe's file is not public",
    )
