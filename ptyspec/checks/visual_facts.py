"""What an eye would look for in a reconstruction, as numbers: canvas, contrast, place, lattice, and what the data say."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.lattice_peaks import lattice_peaks, scan_periods
from ptyspec.checks.sampled_groups import spread
from ptyspec.checks.stage_chain import FRAMES, over
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.amplitude import highpass
from ptyspec.scores.dataspace import r_factor
from ptyspec.scores.frame import common, covered, cut
from ptyspec.scores.numbers import inner, is_flat, norm
from ptyspec.scores.phase import global_phase

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
    coords = material.containers.test.groups.coords
    return np.moveaxis(coords[:, 0], 1, 2).reshape(-1, 2)


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
        mean, std = (
            (float(amplitude.mean()), float(amplitude.std())) if amplitude.size else (None, None)
        )
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
    mask = None if scan.mask is None else np.broadcast_to(scan.mask, (len(rows), scan.N, scan.N))
    return r_factor(predict_frames(scan, made, rows), scan.diff3d[rows], mask)


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

    along = [[moved(step, 0) for step in steps], [moved(0, step) for step in steps]]
    # Moving the canvas by +d mends an object that lies d too far back: the shift is its opposite.
    return [-_minimum(steps, values) for values in along]


def _minimum(steps: list[int], values: list[float]) -> float:
    """The vertex of the V or parabola through the smallest value and its neighbours; an end where the search ends."""
    at = int(np.argmin(values))
    if at in (0, len(values) - 1):
        return float(steps[at])
    before, here, after = values[at - 1 : at + 2]
    curvature = before - 2 * here + after
    return float(steps[at]) if curvature <= 0 else steps[at] + 0.5 * (before - after) / curvature


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
