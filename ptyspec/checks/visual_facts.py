"""What an eye would look for in a reconstruction, as numbers: canvas, contrast, place, lattice, and what the data say.

Lattice: an error with a period p has components at k/p, of which those along x, y and both
diagonals are looked at, from CYCLES periods across the area down to SHORTEST pixels. Each is held
against the median power of its surroundings: in a spectrum without a lattice the power of a
component is exponentially distributed, so that it exceeds r medians with probability 2^-r; of n
components one does with CHANCE at r = log2(n / CHANCE). What exceeds that is `excess`, as an
amplitude over the object's mean amplitude.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.checks.stage_chain import FRAMES, over
from ptyspec.checks.stage_outputs import StageOutputs, spread
from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.amplitude import highpass
from ptyspec.scores.dataspace import r_factor
from ptyspec.scores.frame import common, covered, cut
from ptyspec.scores.numbers import inner, is_flat, norm
from ptyspec.scores.phase import global_phase

CYCLES, SHORTEST, ORDERS = 3.0, 3.0, 8
CHANCE = 1e-4
TAPER = 8
"""Pixels from the rim over which the error fades in: irregular areas have no side lobes then."""
NEAR, FAR = 2, 5
"""Distance of the surroundings, in resolution cells; the window's own width is below the first."""
REGULAR = 0.3
"""Share of positions in step from which a scan has a period: of M random ones it is 1 / sqrt(M), of a lattice 1."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class Peak:
    """The component with the largest excess of one period; frequency (x, y) in cycles per pixel.

    Without a component that the area can show, the period alone.
    """

    period: float
    frequency: Pair | None = None
    component: float | None = None
    surroundings: float | None = None
    excess: float | None = None


def scan_periods(positions: Array, size: int) -> dict[str, float]:
    """Return the periods of a scan along x and y, where it has one: |mean exp(-2 pi i f x)| reaches REGULAR."""
    found = {}
    for axis, name in ((0, "x"), (1, "y")):
        values = positions[:, axis] - positions[:, axis].min()
        extent = float(values.max())
        if extent < size / 2 or len(values) < 16:
            continue
        rates = np.arange(max(1 / size, CYCLES / extent), 1 / SHORTEST, 0.25 / extent)
        share = np.abs(np.exp(-2j * np.pi * rates[:, None] * values).mean(axis=1))
        strong = np.flatnonzero(share >= max(REGULAR, 0.9 * float(share.max(initial=0.0))))
        if strong.size:  # the lowest of equally strong ones is the fundamental
            run = strong[strong < strong[0] + 8]
            found[f"scan step, {name}"] = float(1 / rates[run[np.argmax(share[run])]])
    return found


def lattice_peaks(
    error: Array, mask: Array, level: float, periods: Mapping[str, float]
) -> dict[str, Peak]:
    """Return the strongest component of each period of a complex or real error (H, W), 0 outside the mask."""
    window = window_of(mask)
    total = float(window.sum())
    if not total or not level:
        return {name: Peak(period) for name, period in periods.items()}
    shown = (error - (error * window).sum() / total) * window
    wanted = {name: components(period, mask.shape) for name, period in periods.items()}
    limit = math.log2(max(sum(map(len, wanted.values())), 1) / CHANCE)
    unit = 2 / total / level

    def peak(period: float, frequency: Pair) -> Peak:
        opposite = (-frequency[0], -frequency[1])
        power, around = max(_powers(shown, at) for at in (frequency, opposite))
        component, chance = math.sqrt(power), math.sqrt(limit * around)
        beyond = unit * max(0.0, component - chance)
        return Peak(period, frequency, unit * component, unit * math.sqrt(around), beyond)

    return {
        name: max(
            (peak(period, frequency) for frequency in wanted[name]),
            key=lambda one: (one.excess, one.component),
            default=Peak(period),
        )
        for name, period in periods.items()
    }


def window_of(mask: Array) -> Array:
    """Return weights that rise from 0 at the rim of the mask to 1."""
    from scipy.ndimage import distance_transform_edt

    depth = np.minimum(np.asarray(distance_transform_edt(np.pad(mask, 1)))[1:-1, 1:-1] / TAPER, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * depth) ** 2)


def components(period: float, shape: tuple[int, ...]) -> list[Pair]:
    """Return the frequencies (x, y) of an error of this period that an image of this shape can show."""
    rates = [order / period for order in range(1, ORDERS + 1) if period / order >= SHORTEST]
    return [
        (x, y)
        for rate in rates
        for x, y in ((rate, 0.0), (0.0, rate), (rate, rate), (rate, -rate))
        if math.hypot(shape[1] * x, shape[0] * y) >= CYCLES
    ]


def _powers(shown: Array, frequency: Pair) -> Pair:
    """Power at a frequency, and the median NEAR to FAR resolution cells away, nothing of it next to zero."""
    height, width = shown.shape
    steps = np.arange(-FAR, FAR + 1)
    rates = frequency[0] + steps / width, frequency[1] + steps / height
    across = np.exp(-2j * np.pi * rates[0][:, None] * np.arange(width))
    down = np.exp(-2j * np.pi * rates[1][:, None] * np.arange(height))
    power = np.abs(down @ shown @ across.T) ** 2
    distance = np.hypot(steps[:, None], steps)
    from_zero = np.hypot(rates[1][:, None] * height, rates[0] * width)
    around = (distance >= NEAR) & (distance <= FAR) & (from_zero >= NEAR)
    return float(power[FAR, FAR]), float(np.median(power[around]))


NETWORK, TRIVIAL, UNTRAINED, ITERATIVE = "network", "trivial", "untrained", "iterative"
PLACED = 32
"""Frames that are predicted for each shift that is tried."""
REACH = 3
"""Pixels within which the data look for the object's place."""


def estimates(material: StageOutputs) -> dict[str, Reconstruction]:
    """Return the network's reconstruction and those that stand beside it."""
    found = {NETWORK: material.reconstruction, TRIVIAL: material.containers.test.coarse}
    return found | {name: material.finished.control(name) for name in (UNTRAINED, ITERATIVE)}


def _positions(material: StageOutputs) -> Array:
    return np.moveaxis(material.containers.test.groups.coords[:, 0], 1, 2).reshape(-1, 2)


def canvas(material: StageOutputs) -> dict[str, float]:
    """Return the canvas beside what the absolute positions demand, by arithmetic of its own.

    missing, excess: pixels that the canvas lacks on some side, or has too many on one.
    """
    made, positions = material.reconstruction, _positions(material)
    half = material.containers.test.groups.scan.N // 2
    low, high = np.floor(positions.min(axis=0)) - half, np.ceil(positions.max(axis=0)) + half - 1
    start = np.array(made.origin, float)
    beyond = np.concatenate([low - start, start + np.array(made.object.shape[::-1]) - 1 - high])
    return {"missing": float(max(0.0, -beyond.min())), "excess": float(max(0.0, beyond.max()))}


def seen(material: StageOutputs) -> dict[str, dict[str, float | None]]:
    """Return by estimate: mean amplitude, its spread, their ratio on its own pixels; R factor; detail.

    detail: |correlation| with the iterative control after subtraction of a Gaussian of sigma 4 px. Of the complex
    objects: amplitude and phase alike. None where one is constant.
    """
    rows = spread(material.halves.test.size, FRAMES)
    objects = material.facts(estimates)
    found: dict[str, dict[str, float | None]] = {}
    for name, made in objects.items():
        amplitude = np.abs(made.object[covered(made)]).astype(float)
        mean = float(amplitude.mean()) if amplitude.size else None
        std = float(amplitude.std()) if amplitude.size else None
        found[name] = {
            "mean": mean,
            "std": std,
            "contrast": over(std, mean),
            "r_factor": _misfit(material, made, rows),
            "detail": None if name == ITERATIVE else _detail(made, objects[ITERATIVE]),
        }
    return found


def _misfit(material: StageOutputs, made: Reconstruction, rows: Array) -> float:
    scan = material.halves.test
    return r_factor(predict_frames(scan, made, rows), scan.diff3d[rows], scan.seen(rows))


def _detail(made: Reconstruction, reference: Reconstruction) -> float | None:
    frame = common(made, reference)
    if not frame.pixels:
        return None
    fine = []
    for image in (frame.rec, frame.truth):
        image_detail = highpass(image.real, frame.mask) + 1j * highpass(image.imag, frame.mask)
        fine.append(image_detail[frame.mask])
        if is_flat(fine[-1], float(np.abs(image).max())):
            return None
    return abs(inner(*fine)) / (norm(fine[0]) * norm(fine[1]))


def shift(material: StageOutputs) -> list[float] | None:
    """Return the shift [x, y] of the network's object: it is moved by whole pixels until the frames fit best."""
    made, scan = material.reconstruction, material.halves.test
    if is_flat(made.object[covered(made)]):
        return None
    rows, steps = spread(scan.size, PLACED), list(range(-REACH, REACH + 1))

    def moved(x: int, y: int) -> float:
        origin = (made.origin[0] + x, made.origin[1] + y)
        return _misfit(material, made.model_copy(update={"origin": origin}), rows)

    def minimum(values: list[float]) -> float:
        # The vertex of the parabola through the smallest value and its neighbours; an end where the search ends.
        at = int(np.argmin(values))
        before, here, after = values[at - 1 : at + 2] if 0 < at < len(values) - 1 else (0.0,) * 3
        curvature = before - 2 * here + after
        return steps[at] + (0.0 if curvature <= 0 else 0.5 * (before - after) / curvature)

    along = [[moved(step, 0) for step in steps], [moved(0, step) for step in steps]]
    # Moving the canvas by +d mends an object that lies d too far back: the shift is its opposite.
    return [-minimum(values) for values in along]


def lattice(material: StageOutputs) -> dict[str, Any]:
    """Return the strongest component of the error at each period of patch, scan and group.

    The error is taken against the truth, else the iterative control, without the global phase.
    """
    size, spec = material.containers.test.groups.scan.N, material.scenario.scan
    periods = {"patch size": float(size), **scan_periods(_positions(material), size)}
    if spec.kind == "nested":
        periods["group offset"] = float(spec.offset)
        periods["outer offset"] = float(spec.outer_offset_test)
    truth, made = material.scan.objectGuess, material.reconstruction
    reference = material.facts(estimates)[ITERATIVE]
    frame = common(made, reference) if truth is None else cut(made, truth)
    if not frame.pixels or not np.abs(frame.rec).any():
        return {"reference": None, "peaks": {}, "excess": None}
    turn = global_phase(frame.rec[frame.mask], frame.truth[frame.mask])
    level = float(np.abs(frame.truth[frame.mask]).mean())
    peaks = lattice_peaks(frame.rec * turn - frame.truth, frame.mask, level, periods)
    excesses = [peak.excess for peak in peaks.values() if peak.excess is not None]
    return {
        "reference": ITERATIVE if truth is None else "truth",
        "peaks": {name: dict(vars(peak)) for name, peak in peaks.items()},
        "excess": max(excesses, default=None),
    }
