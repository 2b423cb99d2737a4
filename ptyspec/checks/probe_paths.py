"""The probe a second time, from the published formula alone: shares no code with physics/probes.py.

Upstream facts 3.2: a Gaussian window of standard deviation N/(scale pi^2), its outer product with itself above one
half, blurred by one pixel, plus 1e-9; then P / (probe_scale mean(mask |P|)), mask = the disk of radius N/4 around the
array's half-pixel centre, mean over the whole N x N frame.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import Scenario

BLUR_REACH = 4
"""Half width of the one-pixel blur's kernel: four standard deviations."""


def squared_radius(size: int) -> Array:
    """Four times the squared distance from the array's centre, (N, N): whole numbers, so that no edge is a rounding."""
    steps = [2 * i - (size - 1) for i in range(size)]
    return np.array([[a * a + b * b for b in steps] for a in steps])


def disk_mask(size: int, diameter: float) -> Array:
    """True within diameter/2 of the centre."""
    return np.asarray(squared_radius(size) < diameter**2)


def published_disk(size: int, default_probe_scale: float) -> Array:
    """The ideal probe before normalisation, (N, N) float64.

    exp(-r^2 / 2 std^2) > 1/2 is r^2 < 2 ln 2 std^2; the blur is a product with one dense matrix from either side.
    """
    std = size / (default_probe_scale * math.pi**2)
    disk = (squared_radius(size) < 8 * math.log(2) * std**2).astype(np.float64)
    blur = _blur(size)
    return np.asarray(blur @ disk @ blur.T + 1e-9)


def _blur(size: int) -> Array:
    """Matrix (N, N) of a Gaussian of one pixel, cut at four, mirrored at the rim (the rim's pixel repeats)."""
    taps = range(-BLUR_REACH, BLUR_REACH + 1)
    weights = [math.exp(-0.5 * tap * tap) for tap in taps]
    matrix = np.zeros((size, size))
    for row in range(size):
        for tap, weight in zip(taps, weights, strict=True):
            at = (row + tap) % (2 * size)
            matrix[row, at if at < size else 2 * size - 1 - at] += weight / sum(weights)
    return matrix


def normalisation_factor(raw: Array, probe_scale: float) -> float:
    """What the raw probe is divided by."""
    size = len(raw)
    lit = np.sqrt(raw.real**2 + raw.imag**2)[disk_mask(size, size / 2)]
    return probe_scale * math.fsum(lit.tolist()) / size**2


def second_path(scenario: Scenario) -> Array | None:
    """The probe that the settings mean, (N, N) complex128; None where it is refined, or in a file that is not NumPy's.

    The shape of a synthetic custom probe has no published formula: it is the generator's, its level is not. A file's
    probe is used as it is.
    """
    model, spec = scenario.model, scenario.probe
    if spec.kind == "ideal":
        raw = published_disk(model.N, spec.default_probe_scale).astype(np.complex128)
    elif spec.kind == "custom":
        from ptyspec.physics.probes import custom

        raw = custom(model.N, scenario.seeds.probe)
    else:
        return (
            _masked(_stored_probe(spec.path or scenario.scan.path), scenario)
            if not spec.refine_sweeps
            else None
        )
    return _masked(raw / normalisation_factor(raw, model.probe_scale), scenario)


def _stored_probe(path: str) -> Array | None:
    """The probe of a NumPy file, read without this project's readers; None where there is no square array by its name."""
    if not path.endswith((".npz", ".npy")):
        return None
    with open(path, "rb") as stream:
        made = np.load(stream, allow_pickle=False)
        probe = made if isinstance(made, np.ndarray) else made.get("probeGuess")
    return probe if probe is not None and probe.ndim == 2 else None


def _masked(probe: Array | None, scenario: Scenario) -> Array | None:
    """The probe under the mask that was asked for, complex128."""
    if probe is None:
        return None
    model = scenario.model
    if model.probe_mask:
        probe = probe * disk_mask(model.N, float(model.probe_mask_diameter or model.N / 2))
    return np.asarray(probe, np.complex128)


def probe_facts(probe: Array) -> dict[str, Any]:
    """Amplitude statistics, energy, and where the light is; plain numbers."""
    size = len(probe)
    level, energy = np.abs(probe).astype(np.float64), np.abs(probe).astype(np.float64) ** 2
    total, mask, edge = float(energy.sum()), disk_mask(size, size / 2), size // 4
    rim = energy.copy()
    rim[edge : size - edge, edge : size - edge] = 0
    return amplitude_facts(level) | {
        "mean_masked": float((level * mask).sum() / size**2),
        "mask_pixels": int(mask.sum()),
        "energy": total,
        "energy_inside_mask": float(energy[mask].sum() / total),
        "energy_outside_mask": float(energy[~mask].sum() / total),
        "energy_outside_central_half": float(rim.sum() / total),
        "twin_overlap": _twin_overlap(probe),
    }


def amplitude_facts(values: Array) -> dict[str, float]:
    """Return min, max, mean, std and L2 norm of real values."""
    return {
        "min": float(values.min()),
        "max": float(values.max()),
        "mean": float(values.mean()),
        "std": float(values.std()),
        "l2": float(np.sqrt(np.sum(values**2))),
    }


def _twin_overlap(probe: Array) -> float:
    """Largest normalised overlap, over all shifts, of the probe with its twin conj P(-r): 1 where nothing tells them apart."""
    field = np.fft.fft2(probe.astype(np.complex128))
    return float(
        np.abs(np.fft.ifft2(field * field)).max() / np.sum(np.abs(probe).astype(np.float64) ** 2)
    )


def difference(first: Array, second: Array) -> dict[str, Any]:
    """What separates two probes; pixel by pixel only where they have one size."""
    a, b = probe_facts(first), probe_facts(second)
    found: dict[str, Any] = {
        "mean_ratio": a["mean"] / b["mean"],
        "mean_delta": a["mean"] - b["mean"],
        "max_delta": a["max"] - b["max"],
        "std_delta": a["std"] - b["std"],
        "l2_ratio": a["l2"] / b["l2"],
        "l2_delta": a["l2"] - b["l2"],
        "max_abs_difference": None,
    }
    if first.shape == second.shape:
        found["max_abs_difference"] = float(np.abs(first.astype(np.complex128) - second).max())
    return found


def agreement(probe: Array, other: Array) -> dict[str, float]:
    """The pipeline's probe beside the second path: level and, with the level removed, shape."""
    first, second = probe.astype(np.complex128), other.astype(np.complex128)
    level = complex(np.vdot(second, first) / np.vdot(second, second))
    strongest = float(np.abs(second).max())
    shape = float(np.abs(first - level * second).max()) / (abs(level) * strongest)
    mask = disk_mask(len(probe), len(probe) / 2)
    return {
        "level_ratio": float(np.abs(first)[mask].sum() / np.abs(second)[mask].sum()),
        "shape_difference": shape,
        "max_abs_difference": float(np.abs(first - second).max()),
    }
