"""Scan positions: random (non-grid) and lattice with jitter, (M, 2) float64 [x, y] in object pixels."""

import math

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import ScanSpec
from ptyspec.errors import ConfigError
from ptyspec.seeds import generator


def make_positions(spec: ScanSpec, size: int, seed: int) -> Array:
    """Return n_images positions inside [buffer, size - buffer) of an object of `size` pixels."""
    if 2 * spec.buffer >= size:
        what = "scan.buffer leaves no room for positions"
        step = "lower scan.buffer or raise object.size"
        limit = f"< {size / 2:g} (half the object)"
        value = spec.buffer
        raise ConfigError(what, value=value, limit=limit, source="scan.buffer", next_step=step)
    draws = generator(seed, "scan positions")
    nominal = nominal_positions(spec, size)
    if nominal is None:
        return draws.uniform(spec.buffer, size - spec.buffer, (spec.n_images, 2))
    moved = nominal + draws.uniform(-spec.jitter, spec.jitter, nominal.shape)
    return np.clip(moved, spec.buffer, size - spec.buffer)


def nominal_positions(spec: ScanSpec, size: int) -> Array | None:
    """Return the lattice (M, 2) that a grid scan was asked for, or None where actual positions are all there is.

    A scan keeps both, so that whoever reads the wrong ones is found out (TF-LOADER-COORDS-001).
    """
    if spec.kind != "grid":
        return None
    side = math.ceil(math.sqrt(spec.n_images))
    room = size - 2 * spec.buffer
    if (side - 1) * spec.step > room:
        what = "the grid scan does not fit on the object"
        step = f"set scan.step to at most {room / (side - 1):.2f} or lower scan.n_images"
        value = f"{side} x {side} positions, step {spec.step:g} px"
        source = "scan.n_images, scan.step"
        raise ConfigError(what, value=value, limit=f"{room} px", source=source, next_step=step)
    axis = (np.arange(side) - (side - 1) / 2) * spec.step + size / 2
    x, y = np.meshgrid(axis, axis)
    return np.stack([x.ravel(), y.ravel()], axis=1)[: spec.n_images]
