"""What an eye would look for in a reconstruction, as numbers: canvas, contrast, place, lattice, and what the data say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.checks.intensity_closures import coverage, on_the_data
from ptyspec.checks.lattice_peaks import lattice_peaks, scan_periods
from ptyspec.checks.material import Material
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.amplitude import highpass
from ptyspec.scores.dataspace import r_factor
from ptyspec.scores.frame import Frame, common, covered, cut
from ptyspec.scores.numbers import inner, is_flat, norm, quotient
from ptyspec.scores.phase import global_phase
from ptyspec.scores.registration import offset

NETWORK, TRIVIAL, UNTRAINED, ITERATIVE = "network", "trivial", "untrained", "iterative"
FRAMES, PLACED = 96, 32
"""Frames that are predicted; and for each shift that is tried."""
REACH = 3
"""Pixels within which the data look for the object's place."""
SMALLEST = 32
"""Smallest rectangle that can be registered, pixels (as for aligned scores)."""


@dataclass(frozen=True)
class Seen:
    """One subject's reconstructions by estimator, and their facts as JSON."""

    estimates: dict[str, Reconstruction]
    data: dict[str, Any]
    error: Frame | None
    """What the lattice is looked for in: `rec` - `truth`."""


def seen(material: Material) -> Seen:
    """Return the facts of one subject."""
    estimates = {NETWORK: material.reconstruction, TRIVIAL: material.containers.test.coarse}
    estimates |= {name: material.finished.control(name) for name in (UNTRAINED, ITERATIVE)}
    error = _error(material)
    data = {
        "canvas": canvas_facts(material),
        "contrast": _contrast(estimates),
        "data_space": _data_space(material, estimates),
        "detail": {
            name: _detail(made, estimates[ITERATIVE])
            for name, made in estimates.items()
            if name != ITERATIVE
        },
        "place": _place(material, estimates),
        "lattice": _lattice(material, error),
    }
    return Seen(estimates, data, error)


def canvas_facts(material: Material) -> dict[str, float | None]:
    """Canvas beside what the absolute positions demand, by arithmetic of its own; NaN where there was light; coverage.

    missing, excess: pixels that the canvas lacks on some side, or has too many on one.
    """
    made, groups = material.reconstruction, material.containers.test.groups
    positions = np.moveaxis(groups.coords[:, 0], 1, 2).reshape(-1, 2)
    half = groups.scan.N // 2
    low, high = np.floor(positions.min(axis=0)) - half, np.ceil(positions.max(axis=0)) + half - 1
    start = np.array(made.origin, float)
    end = start + np.array(made.object.shape[::-1]) - 1
    beyond = np.concatenate([low - start, end - high])
    light = coverage(material, None)
    lit = made.coverage[made.coverage > 1e-3]
    declared = (
        made.coverage >= material.scenario.inference.min_coverage * np.percentile(lit, 90)
        if lit.size
        else False
    )
    return {
        "width": float(made.object.shape[1]),
        "height": float(made.object.shape[0]),
        "needed_width": float(high[0] - low[0] + 1),
        "needed_height": float(high[1] - low[1] + 1),
        "missing": float(max(0.0, -beyond.min())),
        "excess": float(max(0.0, beyond.max())),
        "nan": float(np.sum(~np.isfinite(made.object) & declared)),
        "strangers": light["strangers"],
        "light": light["light"],
        "covered": float(covered(made).sum()),
        "fraction": quotient(float(covered(made).sum()), made.object.size),
    }


def _contrast(estimates: dict[str, Reconstruction]) -> dict[str, dict[str, float | None]]:
    """Mean and standard deviation of the amplitude, their ratio, and the phase's spread, on each estimate's own pixels."""
    found: dict[str, dict[str, float | None]] = {}
    for name, made in estimates.items():
        values = made.object[covered(made)]
        amplitude = np.abs(values).astype(np.float64)
        mean, std = (
            (float(amplitude.mean()), float(amplitude.std())) if values.size else (None, None)
        )
        turn = np.exp(-1j * np.angle(values.sum())) if values.size else 1.0
        found[name] = {
            "mean": mean,
            "std": std,
            "contrast": None if mean is None or std is None else quotient(std, mean),
            "phase_std": float(np.angle(values * turn).std()) if values.size else None,
        }
    known = found[ITERATIVE]["std"], found[TRIVIAL]["contrast"]
    for row in found.values():
        row["std_over_iterative"] = _over(row["std"], known[0])
        row["contrast_over_trivial"] = _over(row["contrast"], known[1])
    return found


def _data_space(
    material: Material, estimates: dict[str, Reconstruction]
) -> dict[str, dict[str, float | None]]:
    """R factor of every estimate on the same frames, its level, and how well frames know their own position."""
    scan = material.halves.test
    rows = np.unique(np.linspace(0, scan.size - 1, min(scan.size, FRAMES)).astype(int))
    found: dict[str, dict[str, float | None]] = {}
    for name, made in estimates.items():
        said = on_the_data(material, made)
        found[name] = {
            "r_factor": _misfit(material, made, rows),
            "level": said["level"],
            "own_position": said["own"],
        }
    for row in found.values():
        row["over_trivial"] = _over(row["r_factor"], found[TRIVIAL]["r_factor"])
        row["over_untrained"] = _over(row["r_factor"], found[UNTRAINED]["r_factor"])
    return found


def _misfit(material: Material, made: Reconstruction, rows: Array) -> float:
    scan = material.halves.test
    mask = None if scan.mask is None else np.broadcast_to(scan.mask, (len(rows), scan.N, scan.N))
    return r_factor(predict_frames(scan, made, rows), scan.diff3d[rows], mask)


def _detail(made: Reconstruction, reference: Reconstruction) -> float | None:
    """|correlation| of the complex objects after subtraction of a Gaussian of sigma 4 px: amplitude and phase alike."""
    frame = common(made, reference)
    if not frame.pixels:
        return None
    fine = [
        highpass(image.real, frame.mask) + 1j * highpass(image.imag, frame.mask)
        for image in (frame.rec, frame.truth)
    ]
    first, second = (image[frame.mask] for image in fine)
    if is_flat(first, float(np.abs(frame.rec).max())) or is_flat(
        second, float(np.abs(frame.truth).max())
    ):
        return None
    return abs(inner(first, second)) / (norm(first) * norm(second))


def _place(material: Material, estimates: dict[str, Reconstruction]) -> dict[str, Any]:
    """Shift [x, y] of the network's object: where its data want it, and against iterative control and trivial estimate."""
    by_data = _shift_by_data(material, estimates[NETWORK])
    pairs = {
        name: _registered(estimates[NETWORK], estimates[name]) for name in (ITERATIVE, TRIVIAL)
    }
    blurred = _registered(estimates[TRIVIAL], estimates[ITERATIVE])
    found = {"by_data": by_data["by_data"], "against_iterative": pairs[ITERATIVE]}
    return {
        **by_data,
        **{f"against_{name}": pair for name, pair in pairs.items()},
        "trivial_against_iterative": blurred,
        **{
            f"largest_{name}": None if pair is None else max(map(abs, pair))
            for name, pair in found.items()
        },
    }


def _shift_by_data(material: Material, made: Reconstruction) -> dict[str, Any]:
    """Misfit of the frames when the object is moved by whole pixels along x and along y, and the parabola's minimum."""
    nothing: dict[str, Any] = {"steps": [], "misfit_x": [], "misfit_y": [], "by_data": None}
    if not covered(made).any() or is_flat(made.object[covered(made)]):
        return nothing
    scan = material.halves.test
    rows = np.unique(np.linspace(0, scan.size - 1, min(scan.size, PLACED)).astype(int))
    steps = list(range(-REACH, REACH + 1))
    curves: dict[str, list[float]] = {}
    for axis in (0, 1):
        moves = [tuple(int(step) * (axis == at) for at in (0, 1)) for step in steps]
        curves["xy"[axis]] = [
            _misfit(
                material,
                made.model_copy(update={"origin": (made.origin[0] + x, made.origin[1] + y)}),
                rows,
            )
            for x, y in moves
        ]
    found = [_minimum(steps, curves[axis]) for axis in "xy"]
    # Moving the canvas by +d mends an object that lies d too far back: the shift is its opposite.
    return {
        "steps": steps,
        "misfit_x": curves["x"],
        "misfit_y": curves["y"],
        "by_data": [-value for value in found],
    }


def _minimum(steps: list[int], values: list[float]) -> float:
    """The vertex of the V or parabola through the smallest value and its neighbours; an end where the search ends."""
    at = int(np.argmin(values))
    if at in (0, len(values) - 1):
        return float(steps[at])
    before, here, after = values[at - 1 : at + 2]
    curvature = before - 2 * here + after
    return float(steps[at]) if curvature <= 0 else steps[at] + 0.5 * (before - after) / curvature


def _registered(first: Reconstruction, second: Reconstruction) -> list[float] | None:
    """Shift [x, y] of the first against the second, to 1/20 px, by amplitude; None where that means nothing."""
    frame = common(first, second)
    if not frame.pixels:
        return None
    window = frame.rectangle
    images = [np.abs(image[window]) for image in (frame.rec, frame.truth)]
    if min(images[0].shape) < SMALLEST or any(is_flat(image) for image in images):
        return None
    down, right = offset(*images, upsample=20)
    return [float(right) + 0.0, float(down) + 0.0]


def _error(material: Material) -> Frame | None:
    """The covered pixels beside the truth, else beside the iterative control, with the global phase removed."""
    truth = material.scan.objectGuess
    made = material.reconstruction
    frame = (
        common(made, material.finished.control(ITERATIVE)) if truth is None else cut(made, truth)
    )
    if not frame.pixels or not np.abs(frame.rec).any():
        return None
    turn = global_phase(frame.rec[frame.mask], frame.truth[frame.mask])
    return Frame(frame.rec * turn, frame.truth, frame.mask, frame.origin)


def _lattice(material: Material, error: Frame | None) -> dict[str, Any]:
    groups, spec = material.containers.test.groups, material.scenario.scan
    positions = np.moveaxis(groups.coords[:, 0], 1, 2).reshape(-1, 2)
    periods = {"patch size": float(groups.scan.N), **scan_periods(positions, groups.scan.N)}
    if spec.kind == "nested":
        periods |= {
            "group offset": float(spec.offset),
            "outer offset": float(spec.outer_offset_test),
        }
    if error is None:
        return {"reference": None, "periods": periods, "peaks": {}, "excess": None, "components": 0}
    level = float(np.abs(error.truth[error.mask]).mean())
    peaks = lattice_peaks(error.rec - error.truth, error.mask, level, periods)
    seen = [peak.excess for peak in peaks.values() if peak.excess is not None]
    return {
        "reference": ITERATIVE if material.scan.objectGuess is None else "truth",
        "periods": periods,
        "peaks": {name: peak.as_json() for name, peak in peaks.items()},
        "excess": max(seen, default=None),
        "components": sum(peak.components for peak in peaks.values()),
    }


def _over(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or bottom is None else quotient(top, bottom)
