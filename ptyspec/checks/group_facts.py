"""What groups of one split are: counts, shapes, ranges, offsets by axis, use of frames; recomputed from positions alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.contracts.scenario import Scenario

AXES = ("x", "y")
SAME = 1e-12
"""Relative slack of a distance that is computed twice."""


def group_facts(scenario: Scenario, groups: GroupedScan, own: RawScan) -> dict[str, Any]:
    """Return the facts of one split as plain numbers; `own` are the frames of that split."""
    indices = groups.nn_indices
    inside = indices.size == 0 or (indices.min() >= 0 and indices.max() < groups.scan.size)
    rows = np.clip(indices, 0, groups.scan.size - 1)
    wanted = scenario.grouping.n_groups
    sets = {row.tobytes() for row in np.sort(indices, axis=1)}
    capped = scenario.members == 1 or scenario.grouping.kind == "lattice"  # GROUP-010
    most = own.size // scenario.members
    seeds = np.bincount(rows[:, 0], minlength=groups.scan.size)
    return {
        "frames": own.size,
        "requested": wanted,
        "achieved": groups.size,
        "expected": min(wanted, most) if capped else wanted,
        "members": groups.C,
        "neighbor_count": scenario.grouping.neighbor_count,
        "nn_indices_shape": list(indices.shape),
        "diffraction_shape": [groups.size, own.N, own.N, groups.C],
        "coords_relative_shape": list(groups.coords_relative.shape),
        "nn_indices_dtype": str(indices.dtype),
        "index_min": int(indices.min()),
        "index_max": int(indices.max()),
        "index_inside": bool(inside),
        "repeated_members": int(sum(len(set(row)) < groups.C for row in indices.tolist())),
        "duplicate_groups": groups.size - len(sets),
        "seed_uses_most": int(seeds.max()),
        "seed_uses_spread": int(seeds.max() - seeds.min()),
        **_use(rows, groups.scan.size),
        **_nearest(scenario, groups.scan.positions, rows),
        **_coordinates(groups, rows),
        "lattice_error": _lattice(scenario, groups, rows),
    }


def _use(rows: Array, frames: int) -> dict[str, Any]:
    """How often frames are members: the histogram over 0, 1, 2 ... times."""
    used = np.bincount(rows.ravel(), minlength=frames)
    return {
        "use_histogram": np.bincount(used).tolist(),
        "use_mean": float(used.mean()),
        "use_most": int(used.max()),
        "unused_frames": int(np.sum(used == 0)),
    }


def _nearest(scenario: Scenario, positions: Array, rows: Array) -> dict[str, Any]:
    """How many members are farther than their seed's K-th nearest other, and which of the K were chosen."""
    members, count = rows.shape[1], len(positions)
    reach = min(scenario.grouping.neighbor_count, count - 1)
    if members == 1 or reach < members - 1 or scenario.grouping.kind == "lattice":
        return {
            "far_members": None if members > 1 else 0,
            "rank_use": None,
            "rank_uneven": None,
            "rank_limit": None,
        }
    from scipy.spatial import cKDTree

    distances, near = cKDTree(positions).query(positions[rows[:, 0]], k=reach + 1)
    away = np.hypot(*np.moveaxis(positions[rows[:, 1:]] - positions[rows[:, :1]], -1, 0))
    far = int(np.sum(away > distances[:, -1:] * (1 + SAME)))
    ranked = [int(np.sum(near[:, rank, None] == rows[:, 1:])) for rank in range(1, reach + 1)]
    share = (members - 1) / reach
    expected = share * len(rows)
    spread = (share * (1 - share) * len(rows)) ** 0.5
    return {
        "far_members": far,
        "rank_use": ranked,
        "rank_uneven": max(abs(found / expected - 1) for found in ranked),
        # Five standard deviations of the draw without replacement; zero where every neighbour is taken. Ties in
        # distance make the rank of a frame arbitrary, which only brings the counts closer together.
        "rank_limit": 5 * spread / expected,
    }


def _coordinates(groups: GroupedScan, rows: Array) -> dict[str, Any]:
    """Distance of offsets, relative and absolute positions from what the members' own positions give, pixels."""
    positions = np.moveaxis(groups.scan.positions[rows], 1, 2)[:, None].astype(np.longdouble)
    centre = positions.mean(axis=-1, keepdims=True)

    def miss(found: Array, expected: Array) -> float | None:
        return float(np.abs(found - expected).max()) if found.shape == expected.shape else None

    return {
        "offset_error": miss(groups.coords_offsets, centre),
        "relative_error": miss(groups.coords_relative, centre - positions),
        "position_error": miss(groups.coords, positions),
        # COORDS-003 derives 2e-13 pixels at positions up to 64; rounding grows with the position.
        "position_limit": 2e-13 * max(1.0, float(np.abs(groups.scan.positions).max()) / 64),
        "largest_relative": float(np.abs(groups.coords_relative).max()),
        "dtypes": sorted({str(groups.coords_offsets.dtype), str(groups.coords_relative.dtype)}),
    }


def _lattice(scenario: Scenario, groups: GroupedScan, rows: Array) -> float | None:
    """Largest distance of a nominal position from its channel's place on the group's lattice, pixels (GROUP-011)."""
    if scenario.grouping.kind != "lattice":
        return None
    gridsize, scan = scenario.model.gridsize, groups.scan
    places = [
        (c % gridsize * scenario.scan.offset, c // gridsize * scenario.scan.offset)
        for c in range(rows.shape[1])
    ]
    nominal = np.stack([scan.xcoords_start, scan.ycoords_start], axis=1)[rows]
    return float(np.abs(nominal - nominal[:, :1] - np.array(places, float)).max())


def axis_facts(groups: GroupedScan) -> dict[str, dict[str, float]]:
    """Statistics of offsets and relative offsets, by array and axis, pixels."""
    found = {}
    for what, values in (("offset", groups.coords_offsets), ("relative", groups.coords_relative)):
        for at, axis in enumerate(AXES):
            part = values[:, 0, at]
            found[f"{what} {axis}"] = {
                "min": float(part.min()),
                "max": float(part.max()),
                "mean": float(part.mean()),
                "std": float(part.std()),
            }
    return found


def frame_keys(scan: RawScan, rows: Array | None = None) -> set[bytes]:
    """What tells one measurement from another whatever its index: its position and the middle row of its pattern."""
    chosen = np.arange(scan.size) if rows is None else np.unique(rows)
    chosen = chosen[(chosen >= 0) & (chosen < scan.size)]
    positions = scan.positions[chosen]
    middle = np.asarray(scan.diff3d[chosen, scan.N // 2])
    return {place.tobytes() + line.tobytes() for place, line in zip(positions, middle, strict=True)}
