"""What groups of one split are, recomputed from positions alone; groupings that must be refused, provoked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, GroupedScan, RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import GroupingError
from ptyspec.pipeline.protocol import TrainTest

SAME = 1e-12
"""Relative slack of a distance that is computed twice."""


def group_facts(scenario: Scenario, groups: GroupedScan, own: RawScan) -> dict[str, Any]:
    """Return the facts of one split as plain numbers; `own` are the frames of that split."""
    indices, count = groups.nn_indices, groups.scan.size
    rows = np.clip(indices, 0, count - 1)
    wanted = scenario.grouping.n_groups
    capped = scenario.members == 1 or scenario.grouping.kind == "lattice"  # GROUP-010
    seeds = np.bincount(rows[:, 0], minlength=count)
    used = np.bincount(rows.ravel(), minlength=count)
    return {
        "frames": own.size,
        "requested": wanted,
        "achieved": groups.size,
        "expected": min(wanted, own.size // scenario.members) if capped else wanted,
        "members": groups.C,
        "neighbor_count": scenario.grouping.neighbor_count,
        "nn_indices_dtype": str(indices.dtype),
        "index_inside": bool(np.array_equal(rows, indices)),
        "repeated_members": int(sum(len(set(row)) < groups.C for row in indices.tolist())),
        "duplicate_groups": groups.size - len(np.unique(np.sort(indices, axis=1), axis=0)),
        "seed_uses_spread": int(seeds.max() - seeds.min()),
        "use_most": int(used.max()),
        "unused_frames": int(np.sum(used == 0)),
        **_nearest(scenario, groups.scan.positions, rows),
        **_coordinates(groups, rows),
        "lattice_error": _lattice(scenario, groups, rows),
    }


def _nearest(scenario: Scenario, positions: Array, rows: Array) -> dict[str, Any]:
    """How many members are farther than their seed's K-th nearest other; how even the choice is."""
    members, count = rows.shape[1], len(positions)
    reach = min(scenario.grouping.neighbor_count, count - 1)
    if members == 1 or reach < members - 1 or scenario.grouping.kind == "lattice":
        far = None if members > 1 else 0
        return {"far_members": far, "rank_uneven": None, "rank_limit": None}
    from scipy.spatial import cKDTree

    distances, near = cKDTree(positions).query(positions[rows[:, 0]], k=reach + 1)
    away = np.hypot(*np.moveaxis(positions[rows[:, 1:]] - positions[rows[:, :1]], -1, 0))
    ranked = [int(np.sum(near[:, rank, None] == rows[:, 1:])) for rank in range(1, reach + 1)]
    share = (members - 1) / reach
    expected = share * len(rows)
    spread = (share * (1 - share) * len(rows)) ** 0.5
    return {
        "far_members": int(np.sum(away > distances[:, -1:] * (1 + SAME))),
        "rank_uneven": max(abs(found / expected - 1) for found in ranked),
        # Five standard deviations of the draw without replacement; zero where every neighbour is
        # taken. Ties in distance make ranks arbitrary, which only brings the counts together.
        "rank_limit": 5 * spread / expected,
    }


def _coordinates(groups: GroupedScan, rows: Array) -> dict[str, Any]:
    """Distance of the coordinates from what the members' own positions give, pixels."""
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
    }


def _lattice(scenario: Scenario, groups: GroupedScan, rows: Array) -> float | None:
    """Distance of nominal positions from their channels' places on the lattice (GROUP-011)."""
    if scenario.grouping.kind != "lattice":
        return None
    gridsize, scan = scenario.model.gridsize, groups.scan
    places = [(c % gridsize, c // gridsize) for c in range(rows.shape[1])]
    nominal = np.stack([scan.xcoords_start, scan.ycoords_start], axis=1)[rows]
    away = nominal - nominal[:, :1] - scenario.scan.offset * np.array(places, float)
    return float(np.abs(away).max())


def frame_keys(scan: RawScan, rows: Array | None = None) -> set[bytes]:
    """What tells one measurement from another: its position and the middle row of its pattern."""
    chosen = np.arange(scan.size) if rows is None else np.unique(rows)
    chosen = chosen[(chosen >= 0) & (chosen < scan.size)]
    middle = np.asarray(scan.diff3d[chosen, scan.N // 2])
    pairs = zip(scan.positions[chosen], middle, strict=True)
    return {place.tobytes() + line.tobytes() for place, line in pairs}


FRAMES = 16
PROVOKED = {
    "two frames a split (nimgs 2 taken for scan points)": ("GROUP-004", 2, 4, 2, False),
    "neighbor_count 1": ("GROUP-004", FRAMES, 1, FRAMES, False),
    "more groups than frames": ("OVERSAMPLING-001", FRAMES, 6, FRAMES + 1, False),
    "oversampling with K = C": ("OVERSAMPLING-001", FRAMES, 4, FRAMES + 1, True),
    "more groups than different sets": (
        *("OVERSAMPLING-001", FRAMES, 5, FRAMES * math.comb(5, 3) + 1, True),
    ),
}
"""Groupings at gridsize 2 that give no true groups: clause, frames of a split, K, groups wanted,
oversampling allowed."""


def provoke(outputs: StageOutputs) -> dict[str, dict[str, str]]:
    """Return what the pipeline did with each of them: refused with this text, formed, or crashed."""
    rows, scenario, halves = {}, outputs.scenario, outputs.halves
    for name, (clause, frames, neighbours, wanted, oversampling) in PROVOKED.items():
        asked = {"kind": "nearest", "n_groups": wanted, "neighbor_count": neighbours}
        asked["enable_oversampling"] = oversampling
        few = np.arange(min(frames, halves.train.size, halves.test.size))
        parts, outcome, message = (
            TrainTest(halves.train.take(few), halves.test.take(few)),
            "formed",
            "",
        )
        changed = {
            "grouping": scenario.grouping.model_copy(update=asked),
            "model": scenario.model.model_copy(update={"gridsize": 2}),
        }
        try:
            outputs.pipeline.group(scenario.model_copy(update=changed), parts)
        except GroupingError as error:
            outcome, message = "refused", error.message
        except Exception as error:  # whatever another pipeline raises is what this table is for
            outcome, message = "crashed", f"{type(error).__name__}: {error}"
        rows[name] = {"clause": clause, "outcome": outcome, "message": message}
    return rows
