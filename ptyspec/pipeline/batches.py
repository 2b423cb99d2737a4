"""Groups to tensors: the one place that multiplies by the gain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ptyspec.contracts.bundles import Array, Container
from ptyspec.physics.geometry import extract_patches

Batch = tuple[dict[str, Array], Array]


def batch(container: Container, rows: Array) -> Batch:
    """Return ({measured: g X, relative, start}, X) for these groups; the loss gets X, never g X."""
    amplitude = container.amplitude(rows)
    inputs = {
        "measured": np.float32(container.gain) * amplitude,
        "relative": container.relative(rows),
        "start": coarse_patches(container, rows),
    }
    return inputs, amplitude


def coarse_patches(container: Container, rows: Array) -> Array:
    """Trivial estimate under each member over a0, (len(rows), N, N, C) float32; 1 where it is not covered.

    A single pattern of a real symmetric probe leaves the twin of its patch equally likely; starting from brightness
    as it varies over the scan decides between them.
    """
    groups, coarse = container.groups, container.coarse
    canvas = np.where(np.isfinite(coarse.object), coarse.object.real, container.a0).astype(
        np.float32
    )
    size, members = groups.scan.N, groups.C
    positions = groups.scan.positions[groups.nn_indices[rows]].reshape(-1, 2) - np.array(
        coarse.origin
    )
    padding = np.float32(container.a0)
    patches = extract_patches(canvas - padding, positions, size) + padding
    return np.moveaxis(patches.reshape(-1, members, size, size), 1, -1) / padding


def full_batches(container: Container, size: int) -> Iterator[tuple[dict[str, Array], int]]:
    """Yield (inputs, valid) over all groups in order; the last batch repeats its last group up to `size`.

    One shape means one traced graph; groups never influence each other, so the padding changes nothing.
    """
    for start in range(0, container.size, size):
        rows = np.arange(start, start + size)
        valid = min(size, container.size - start)
        yield batch(container, np.minimum(rows, container.size - 1))[0], valid
