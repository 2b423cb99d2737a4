"""What groups of one split are, recomputed from positions alone; and groupings that must be refused, provoked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import GroupingError
from ptyspec.pipeline.protocol import Halves

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
        "largest_position": float(np.abs(groups.scan.positions).max()),
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


FRAMES = 16


@dataclass(frozen=True)
class Provoked:
    """A grouping that gives no true groups: frames of a split, K, groups wanted; gridsize is 2."""

    clause: str
    frames: int
    neighbor_count: int
    n_groups: int
    oversampling: bool
    recorded: str | None = None
    """What upstream said, where it is recorded."""


PROVOKED = {
    "two frames a split (nimgs 2 taken for scan points)": Provoked(
        "GROUP-004",
        2,
        4,
        2,
        False,
        "Dataset has only 2 points but 4 coordinates per group requested.",
    ),
    "neighbor_count 1": Provoked("GROUP-004", FRAMES, 1, FRAMES, False),
    "more groups than frames": Provoked("OVERSAMPLING-001", FRAMES, 6, FRAMES + 1, False),
    "oversampling with K = C": Provoked("OVERSAMPLING-001", FRAMES, 4, FRAMES + 1, True),
    "more groups than different sets": Provoked(
        "OVERSAMPLING-001", FRAMES, 5, FRAMES * math.comb(5, 3) + 1, True
    ),
}


def provoke(material: Material) -> dict[str, dict[str, Any]]:
    """Return what the subject's pipeline did with each of them: refused with this text, formed, or crashed."""
    return {name: _outcome(material, case) for name, case in PROVOKED.items()}


def _outcome(material: Material, case: Provoked) -> dict[str, Any]:
    scenario, halves = _setting(material.scenario, case), material.halves
    count = min(case.frames, halves.train.size, halves.test.size)
    few = Halves(halves.train.take(np.arange(count)), halves.test.take(np.arange(count)))
    found: dict[str, Any] = {
        "clause": case.clause,
        "frames": count,
        "members": scenario.members,
        "neighbor_count": case.neighbor_count,
        "n_groups": case.n_groups,
        "oversampling": case.oversampling,
        "recorded": case.recorded,
        "error": None,
        "message": None,
        "details": None,
    }
    try:
        groups = material.pipeline.group(scenario, few)
    except GroupingError as error:
        details = {key: str(what) for key, what in error.details.items() if what is not None}
        return found | {
            "outcome": "refused",
            "error": type(error).__name__,
            "message": error.message,
            "details": details,
        }
    except Exception as error:  # whatever another pipeline raises is what this table is for
        return found | {"outcome": "crashed", "error": type(error).__name__, "message": str(error)}
    return found | {
        "outcome": "formed",
        "message": f"{groups.train.size} and {groups.test.size} groups",
    }


def _setting(scenario: Scenario, case: Provoked) -> Scenario:
    grouping = scenario.grouping.model_copy(
        update={
            "kind": "nearest",
            "n_groups": case.n_groups,
            "neighbor_count": case.neighbor_count,
            "enable_oversampling": case.oversampling,
        }
    )
    model = scenario.model.model_copy(update={"gridsize": 2})
    return scenario.model_copy(update={"grouping": grouping, "model": model})
