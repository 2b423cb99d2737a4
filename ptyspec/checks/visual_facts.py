"""What an eye would look for in a reconstruction, as numbers: canvas, contrast, place, lattice, and what the data say."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.intensity_facts import FRAMES, declared, told_by_data
from ptyspec.checks.lattice_peaks import lattice_peaks, scan_periods
from ptyspec.checks.sampled_groups import spread
from ptyspec.checks.stage_chain import over
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.amplitude import highpass
from ptyspec.scores.dataspace import r_factor
from ptyspec.scores.frame import Frame, common, covered, cut
from ptyspec.scores.numbers import inner, is_flat, norm
from ptyspec.scores.phase import global_phase
from ptyspec.scores.registration import offset

NETWORK, TRIVIAL, UNTRAINED, ITERATIVE = "network", "trivial", "untrained", "iterative"
PLACED = 32
"""Frames that are predicted for each shift that is tried."""
REACH = 3
"""Pixels within which the data look for the object's place."""
SMALLEST = 32
"""Smallest rectangle that can be registered, pixels (as for aligned scores)."""


def estimates(material: StageOutputs) -> dict[str, Reconstruction]:
    """Return the network's reconstruction and those that stand beside it."""
    found = {NETWORK: material.reconstruction, TRIVIAL: material.containers.test.coarse}
    return found | {name: material.finished.control(name) for name in (UNTRAINED, ITERATIVE)}


def _positions(material: StageOutputs) -> Array:
    coords = material.containers.test.groups.coords
    return np.moveaxis(coords[:, 0], 1, 2).reshape(-1, 2)


def canvas_facts(material: StageOutputs) -> dict[str, float]:
    """Return the canvas beside what the absolute positions demand, by arithmetic of its own.

    missing, excess: pixels that the canvas lacks on some side, or has too many on one. nan: pixels
    without a number where there was light.
    """
    made, positions = material.reconstruction, _positions(material)
    half = material.containers.test.groups.scan.N // 2
    low, high = np.floor(positions.min(axis=0)) - half, np.ceil(positions.max(axis=0)) + half - 1
    start = np.array(made.origin, float)
    beyond = np.concatenate([low - start, start + np.array(made.object.shape[::-1]) - 1 - high])
    return {
        "missing": float(max(0.0, -beyond.min())),
        "excess": float(max(0.0, beyond.max())),
        "nan": float(np.sum(~np.isfinite(made.object) & material.facts(declared))),
        "covered": float(covered(made).sum()),
    }


def contrast(material: StageOutputs) -> dict[str, dict[str, float | None]]:
    """Return mean and spread of the amplitude, their ratio, and the phase's spread, on each estimate's own pixels."""
    found: dict[str, dict[str, float | None]] = {}
    for name, made in material.facts(estimates).items():
        values = made.object[covered(made)]
        row: dict[str, float | None] = dict.fromkeys(("mean", "std", "contrast", "phase_std"))
        if values.size:
            amplitude, turn = np.abs(values).astype(float), np.exp(-1j * np.angle(values.sum()))
            row |= {"mean": float(amplitude.mean()), "std": float(amplitude.std())}
            row |= {"contrast": over(row["std"], row["mean"])}
            row |= {"phase_std": float(np.angle(values * turn).std())}
        found[name] = row
    for row in found.values():
        row["std_over_iterative"] = over(row["std"], found[ITERATIVE]["std"])
        row["contrast_over_trivial"] = over(row["contrast"], found[TRIVIAL]["contrast"])
    return found


def data_space(material: StageOutputs) -> dict[str, dict[str, float | None]]:
    """Return every estimate's R factor on the same frames, its level, and how well frames know their own position."""
    rows = spread(material.halves.test.size, FRAMES)
    found: dict[str, dict[str, float | None]] = {}
    for name, made in material.facts(estimates).items():
        told, misfit = told_by_data(material, made), _misfit(material, made, rows)
        found[name] = {"r_factor": misfit, "level": told["level"], "own_position": told["own"]}
    for row in found.values():
        for other in (TRIVIAL, UNTRAINED):
            row[f"over_{other}"] = over(row["r_factor"], found[other]["r_factor"])
    return found


def _misfit(material: StageOutputs, made: Reconstruction, rows: Array) -> float:
    scan = material.halves.test
    mask = None if scan.mask is None else np.broadcast_to(scan.mask, (len(rows), scan.N, scan.N))
    return r_factor(predict_frames(scan, made, rows), scan.diff3d[rows], mask)


def detail(material: StageOutputs) -> dict[str, float | None]:
    """Return each estimate's |correlation| with the iterative control after subtraction of a Gaussian of sigma 4 px.

    Of the complex objects: amplitude and phase alike. `over_trivial`: the network's less the trivial estimate's; one
    that is constant has none, and counts as 0.
    """
    made = material.facts(estimates)
    found = {name: _detail(one, made[ITERATIVE]) for name, one in made.items() if name != ITERATIVE}
    network = found[NETWORK]
    above = None if network is None else network - (found[TRIVIAL] or 0.0)
    return found | {"over_trivial": above}


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


def place(material: StageOutputs) -> dict[str, Any]:
    """Return the shift [x, y] of the network's object: where its data want it, and by registration."""
    made, against = material.facts(estimates), material.facts(estimates)[ITERATIVE]
    return _shift_by_data(material) | {"against_iterative": _registered(made[NETWORK], against)}


def _shift_by_data(material: StageOutputs) -> dict[str, Any]:
    """Misfit of the frames when the object is moved by whole pixels along x and along y, and the parabola's minimum."""
    made, scan = material.reconstruction, material.halves.test
    if is_flat(made.object[covered(made)]):
        return {"steps": [], "misfit_x": [], "misfit_y": [], "by_data": None}
    rows, steps = spread(scan.size, PLACED), list(range(-REACH, REACH + 1))

    def moved(x: int, y: int) -> float:
        origin = (made.origin[0] + x, made.origin[1] + y)
        return _misfit(material, made.model_copy(update={"origin": origin}), rows)

    along_x, along_y = [moved(step, 0) for step in steps], [moved(0, step) for step in steps]
    # Moving the canvas by +d mends an object that lies d too far back: the shift is its opposite.
    found = [-_minimum(steps, values) for values in (along_x, along_y)]
    return {"steps": steps, "misfit_x": along_x, "misfit_y": along_y, "by_data": found}


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
    images = [np.abs(image[frame.rectangle]) for image in (frame.rec, frame.truth)]
    if min(images[0].shape) < SMALLEST or any(is_flat(image) for image in images):
        return None
    down, right = offset(*images, upsample=20)
    return [float(right) + 0.0, float(down) + 0.0]


def error(material: StageOutputs) -> Frame | None:
    """Return the covered pixels beside the truth, else beside the iterative control, without the global phase.

    What the lattice is looked for in is `rec` - `truth`.
    """
    truth, made = material.scan.objectGuess, material.reconstruction
    reference = material.facts(estimates)[ITERATIVE]
    frame = common(made, reference) if truth is None else cut(made, truth)
    if not frame.pixels or not np.abs(frame.rec).any():
        return None
    turn = global_phase(frame.rec[frame.mask], frame.truth[frame.mask])
    return Frame(frame.rec * turn, frame.truth, frame.mask, frame.origin)


def lattice(material: StageOutputs) -> dict[str, Any]:
    """Return the strongest component of the error at each period of patch, scan and group."""
    size, spec = material.containers.test.groups.scan.N, material.scenario.scan
    periods = {"patch size": float(size), **scan_periods(_positions(material), size)}
    if spec.kind == "nested":
        periods["group offset"] = float(spec.offset)
        periods["outer offset"] = float(spec.outer_offset_test)
    frame = material.facts(error)
    if frame is None:
        return {"reference": None, "peaks": {}, "excess": None}
    level = float(np.abs(frame.truth[frame.mask]).mean())
    peaks = lattice_peaks(frame.rec - frame.truth, frame.mask, level, periods)
    seen = [peak.excess for peak in peaks.values() if peak.excess is not None]
    return {
        "reference": ITERATIVE if material.scan.objectGuess is None else "truth",
        "peaks": {name: peak.as_json() for name, peak in peaks.items()},
        "excess": max(seen, default=None),
    }
