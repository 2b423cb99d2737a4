"""Sides of canvases by each rule, what each really cuts, and the recorded sizes replayed; pixels.

Inside the model a group is merged: N + 2 max|relative offset|. The stitched object has a canvas of its own, sized from
absolute positions. Upstream's jitter rule took absolute offsets for the first: ceil(N + 2 max|offset|), made as even or
odd as N (facts 4 and 5.2).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.checks.recorded_scan import recorded_groups
from ptyspec.contracts.arrays import Array
from ptyspec.legacy.params import derived_sizes
from ptyspec.physics.merge import placement

OFFSET, JITTER = 4, 10
"""The legacy dictionary's lattice constant inside a group and its max_position_jitter."""


def members_offsets(positions: Array, indices: Array) -> tuple[Array, Array]:
    """Offsets (B, 2) and relative offsets (B, C, 2) from the frames' positions alone."""
    coords = positions[indices]
    offsets = coords.sum(axis=1) / indices.shape[1]
    return offsets, offsets[:, None] - coords


def needed_side(relative: Array, size: int) -> int:
    """Smallest side with an even excess over N that holds every member: the audit's own arithmetic (CANVAS-001)."""
    reach = float(np.abs(relative).max()) if relative.size else 0.0
    excess = 0
    while excess < 2 * reach:
        excess += 2
    return size + excess


def jitter_rule(offsets: Array, size: int) -> int:
    """Upstream's required canvas: ceil(N + 2 max|absolute offset|), of N's parity."""
    side = math.ceil(size + 2 * float(np.abs(offsets).max()))
    return side + (side - size) % 2


def legacy_sides(size: int, gridsize: int) -> dict[str, int]:
    """Sides that follow from the legacy dictionary: with its jitter, and without (as the torch port has it)."""
    made = derived_sizes(
        {"N": size, "gridsize": gridsize, "offset": OFFSET, "max_position_jitter": JITTER}
    )
    return {
        "bigN": made.bigN,
        "padding": made.padding,
        "padded": made.padded,
        "padded_without_jitter": made.bigN,
    }


def lost_energy(energy: Array, relative: Array, side: int) -> Array:
    """Part of each patch's energy that falls off a canvas of this side: (..., B, C) of (..., B, C, N, N), (B, 1, 2, C).

    The patches are placed as the merge places them (the tent, which keeps energy) and what lands is added up.
    """
    size = energy.shape[-1]
    vertical, horizontal = placement(relative, size, side, "linear")
    kept = np.einsum(
        "bci,...bcij,bcj->...bc", vertical.sum(axis=-2), energy, horizontal.sum(axis=-2)
    )
    return np.asarray(np.maximum(1 - kept / energy.sum(axis=(-2, -1)), 0.0))


def lost_dummies(places: Array, size: int, side: int) -> float:
    """Part of the sum of patches of ones, centred at these places (M, 2), that falls off a canvas centred at zero."""
    low = np.maximum(places - size / 2, -side / 2)
    high = np.minimum(places + size / 2, side / 2)
    return float(1 - np.prod(np.clip(high - low, 0, None), axis=1).sum() / (size**2 * len(places)))


def recorded_sizes() -> dict[str, Any]:
    """Every recorded side beside ours; `unrounded` is the rule before rounding."""
    found: dict[str, Any] = {}
    for name, size, gridsize, recorded in (
        ("padded, gs1, N 64", 64, 1, 74),
        ("padded, gs2, N 64", 64, 2, 78),
        ("padded, gs1, N 128", 128, 1, 138),
        ("padded, gs2, N 128", 128, 2, 142),
    ):
        found[name] = _row(recorded, float(legacy_sides(size, gridsize)["padded"]))
    for name, frames, members, recorded in (
        ("jitter rule, gs1, 2000 frames", 2000, 1, 828),
        ("jitter rule, gs2, 8000 frames", 8000, 4, 826),
        ("jitter rule, gs2, 1024 frames (stable)", 1024, 4, 822),
        ("need by the jitter rule, dose_legacy, 1024 frames", 1024, 4, 824),
    ):
        reach = max(
            float(np.abs(offsets).max()) for offsets, _ in recorded_groups(frames, members).values()
        )
        found[name] = _row(recorded, 64 + 2 * reach)
    found["memory, jitter rule over padded, gs2"] = _row(112, (826 / 78) ** 2)
    return found


def _row(recorded: float, ours: float) -> dict[str, float]:
    return {"recorded": recorded, "ours": ours, "difference": ours - recorded}
