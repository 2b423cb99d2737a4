"""The probe a second time, from the published formula alone: shares no code with physics/probes.py.

Upstream facts 3.2: a Gaussian window of standard deviation N/(scale pi^2), its outer product with
itself above one half, blurred by one pixel, plus 1e-9; then P / (probe_scale mean(mask |P|)), mask =
the disk of radius N/4 around the array's half-pixel centre, mean over the whole N x N frame.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import Scenario

BLUR_REACH = 4
"""Half width of the one-pixel blur's kernel: four standard deviations."""


def squared_radius(size: int) -> Array:
    """Return four times the squared distance from the centre, (N, N): whole numbers, no edge is rounded."""
    steps = np.arange(size) * 2 - (size - 1)
    return np.asarray(np.add.outer(steps**2, steps**2))


def disk_mask(size: int, diameter: float) -> Array:
    """True within diameter/2 of the centre."""
    return np.asarray(squared_radius(size) < diameter**2)


def published_disk(size: int, default_probe_scale: float) -> Array:
    """The ideal probe before normalisation, (N, N) float64.

    exp(-r^2 / 2 std^2) > 1/2 is r^2 < 2 ln 2 std^2; the blur is a product with one dense matrix from
    either side.
    """
    std = size / (default_probe_scale * math.pi**2)
    disk = (squared_radius(size) < 8 * math.log(2) * std**2).astype(np.float64)
    blur = _blur(size)
    return np.asarray(blur @ disk @ blur.T + 1e-9)


def _blur(size: int) -> Array:
    """Matrix (N, N) of a Gaussian of one pixel, cut at four, mirrored at the rim (the rim's pixel repeats)."""
    taps = np.arange(-BLUR_REACH, BLUR_REACH + 1)
    weights = np.exp(-0.5 * taps**2)
    matrix = np.zeros((size, size))
    for row in range(size):
        at = (row + taps) % (2 * size)
        np.add.at(matrix[row], np.where(at < size, at, 2 * size - 1 - at), weights / weights.sum())
    return matrix


def normalisation_factor(raw: Array, probe_scale: float) -> float:
    """What the raw probe is divided by."""
    return probe_scale * float((np.abs(raw) * disk_mask(len(raw), len(raw) / 2)).mean())


def second_path(scenario: Scenario) -> Array | None:
    """The probe that the settings mean, (N, N) complex128.

    None where it is refined, or in a file that is not NumPy's. The shape of a synthetic custom probe
    has no published formula: it is the generator's, its level is not. A file's probe is used as it is.
    """
    model, spec = scenario.model, scenario.probe
    probe: Array | None
    if spec.kind in ("ideal", "custom"):
        from ptyspec.physics.probes import custom

        ideal = spec.kind == "ideal"
        disk = published_disk(model.N, spec.default_probe_scale) if ideal else None
        raw = custom(model.N, scenario.seeds.probe) if disk is None else disk
        probe = raw / normalisation_factor(raw, model.probe_scale)
    else:
        probe = None if spec.refine_sweeps else _stored_probe(spec.path or scenario.scan.path)
    if probe is not None and model.probe_mask:
        probe = probe * disk_mask(model.N, float(model.probe_mask_diameter or model.N / 2))
    return None if probe is None else np.asarray(probe, np.complex128)


def _stored_probe(path: str) -> Array | None:
    """The probe of a NumPy file, read without this project's readers; None where there is none."""
    if not path.endswith((".npz", ".npy")):
        return None
    with open(path, "rb") as stream:
        content = np.load(stream, allow_pickle=False)
        probe = content if isinstance(content, np.ndarray) else content.get("probeGuess")
    return probe if probe is not None and probe.ndim == 2 else None


def probe_facts(probe: Array) -> dict[str, Any]:
    """Return amplitude statistics, energy, and where the light is; plain numbers."""
    size = len(probe)
    level = np.abs(probe).astype(np.float64)
    energy, mask, edge = level**2, disk_mask(size, size / 2), size // 4
    total, centre = float(energy.sum()), energy[edge : size - edge, edge : size - edge]
    # Largest normalised overlap, over all shifts, with the twin conj P(-r): 1 where nothing tells
    # the two apart.
    field = np.fft.fft2(probe.astype(np.complex128))
    return {
        **{name: float(getattr(level, name)()) for name in ("min", "max", "mean", "std")},
        "l2": math.sqrt(total),
        "mean_masked": float((level * mask).mean()),
        "energy": total,
        "energy_inside_mask": float(energy[mask].sum() / total),
        "energy_outside_central_half": 1 - float(centre.sum() / total),
        "twin_overlap": float(np.abs(np.fft.ifft2(field * field)).max() / total),
    }


def agreement(probe: Array, other: Array) -> dict[str, float]:
    """The pipeline's probe beside the second path: level and, with the level removed, shape."""
    first, second = probe.astype(np.complex128), other.astype(np.complex128)
    level = complex(np.vdot(second, first) / np.vdot(second, second))
    strongest = float(np.abs(second).max())
    mask = disk_mask(len(probe), len(probe) / 2)
    return {
        "level_ratio": float(np.abs(first)[mask].sum() / np.abs(second)[mask].sum()),
        "shape_difference": float(np.abs(first - level * second).max()) / (abs(level) * strongest),
    }
