"""Small scenes for tests: objects without any symmetry, scattered positions, scans that take milliseconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.contracts.scenario import ProbeSpec, Scenario
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.probes import make_probe
from ptyspec.physics.simulate import field_amplitudes
from ptyspec.seeds import generator


def textured_object(height: int, width: int, seed: int = 0, smooth: float = 2.0) -> Array:
    """Complex object of unequal sides: amplitude about 1 to 3, phase of std 0.4, detail of `smooth` pixels."""
    draws = generator(seed, "test object")
    amplitude, phase = (
        gaussian_filter(draws.standard_normal((height, width)), smooth) for _ in range(2)
    )
    modulus = np.maximum(2 + 0.5 * amplitude / amplitude.std(), 0.2)
    return np.asarray(modulus * np.exp(0.4j * phase / phase.std()), np.complex64)


def small_probe(size: int = 32, seed: int = 1) -> Array:
    return make_probe(ProbeSpec(), size, 4.0, seed)


def scattered(count: int, height: int, width: int, margin: float, seed: int = 0) -> Array:
    """(count, 2) sub-pixel positions [x, y] at least `margin` from every side."""
    draws = generator(seed, "test positions")
    return draws.uniform(margin, (width - margin, height - margin), (count, 2))


def lattice(height: int, width: int, margin: int, step: int) -> Array:
    """(M, 2) whole-pixel positions [x, y]."""
    x, y = np.meshgrid(
        np.arange(margin, width - margin + 1, step), np.arange(margin, height - margin + 1, step)
    )
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(float)


def exact_scan(obj: Array, probe: Array, positions: Array, **changes: Any) -> RawScan:
    """Noise-free scan of any object, scale 1."""
    frames = np.concatenate(list(field_amplitudes(obj, probe, positions)))
    fields = {
        "xcoords": positions[:, 0],
        "ycoords": positions[:, 1],
        "xcoords_start": None,
        "ycoords_start": None,
        "diff3d": frames,
        "probeGuess": probe,
        "objectGuess": obj,
        "scan_index": None,
        "scale": 1.0,
    }
    return RawScan(**(fields | changes))


def scan_at(positions: Array, size: int = 4) -> RawScan:
    """Scan whose frames tell their own number: frame j is j + 1 everywhere."""
    frames = np.broadcast_to(
        np.arange(1.0, len(positions) + 1)[:, None, None], (len(positions), size, size)
    )
    return exact_scan(
        np.ones((8, 8), np.complex64), np.ones((size, size), np.complex64), positions, diff3d=frames
    )


def scenario(**parts: dict[str, Any]) -> Scenario:
    """A small scenario; parts override key by key, e.g. scan={"n_images": 30}."""
    base: dict[str, dict[str, Any]] = {
        "object": {"size": 96},
        "scan": {"n_images": 60},
        "dose": {"nphotons": 1e6},
        "grouping": {"n_groups": 20},
        "model": {"N": 32},
    }
    merged = {name: base.get(name, {}) | parts.get(name, {}) for name in {*base, *parts}}
    return Scenario.model_validate({"name": "small", **merged})


def cut(obj: Array, positions: Array, size: int) -> Array:
    """Perfect patches (M, size, size)."""
    return extract_patches(obj, positions, size)


def correlation(a: Array, b: Array) -> float:
    """Pearson correlation of two moduli over the pixels where both are finite."""
    both = np.isfinite(a) & np.isfinite(b)
    return float(np.corrcoef(np.abs(a[both]), np.abs(b[both]))[0, 1])
