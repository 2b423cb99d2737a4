"""Stage 3: overlapping groups of C = gridsize^2 frames by nearest neighbours."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.contracts.scenario import GroupingSpec, Scenario
from ptyspec.errors import NeighborCountError, OversamplingError, TooFewPointsError
from ptyspec.pipeline.protocol import GroupedHalves, Halves
from ptyspec.seeds import generator

TRIES = 64
"""Draws that a frame has in a round of oversampling before its distinct sets count as used up."""


def group(scenario: Scenario, halves: Halves) -> GroupedHalves:
    """Return groups of each split; no frame of one split is ever a member of a group of the other."""
    parts: dict[str, GroupedScan] = {}
    names: tuple[tuple[Literal["train", "test"], RawScan], ...] = (("train", halves.train), ("test", halves.test))
    for name, scan in names:
        draws = generator(scenario.seeds.grouping, f"groups {name}")
        indices = form_groups(scan.positions, scenario.members, scenario.grouping, draws)
        parts[name] = with_offsets(scan, indices, name)
    return GroupedHalves(**parts)


def with_offsets(scan: RawScan, indices: Array, split: Literal["train", "test", "all"] = "all") -> GroupedScan:
    """Return groups with offset = mean position of the members and relative = -(coords - offset)."""
    coords = np.moveaxis(scan.positions[indices], 1, 2)[:, None]
    offsets = coords.mean(axis=-1, keepdims=True)
    return GroupedScan(
        scan=scan, nn_indices=indices, coords_offsets=offsets, coords_relative=offsets - coords, split=split
    )


def form_groups(positions: Array, members: int, spec: GroupingSpec, draws: np.random.Generator) -> Array:
    """Return (B, C) int64: column 0 is the group's seed frame, the others C - 1 of its K nearest others.

    At most one group a frame, unless oversampling is enabled: then further groups of the same seeds, no member set
    twice, every frame a seed equally often (to one, while it has sets left). Raises
    TooFewPointsError, NeighborCountError, OversamplingError.
    """
    count, wanted = len(positions), spec.n_groups
    _check(count, members, spec)
    if members == 1:
        return draws.permutation(count)[: min(wanted, count), None]
    nearest = _nearest_others(positions, min(spec.neighbor_count, count - 1))
    if wanted <= count:
        seeds = draws.permutation(count)[:wanted]
        return _members(seeds, nearest, members, draws)
    return _oversampled(wanted, nearest, members, draws)


def _check(count: int, members: int, spec: GroupingSpec) -> None:
    if count < members:
        raise TooFewPointsError(
            f"the dataset has only {count} points but {members} coordinates per group are requested", value=count,
            limit=f">= {members}", source="model.gridsize and the split",
            next_step="use a smaller gridsize, more frames, or split.kind=none",
        )  # fmt: skip
    if members > 1 and spec.neighbor_count < members:
        raise NeighborCountError(
            "fewer neighbours than a group has members (K < C)", value=spec.neighbor_count, limit=f">= {members}",
            source="grouping.neighbor_count", next_step=f"set grouping.neighbor_count to {members} or more",
        )  # fmt: skip
    if members > 1 and spec.n_groups > count:
        _check_oversampling(count, members, spec)


def _check_oversampling(count: int, members: int, spec: GroupingSpec) -> None:
    """OVERSAMPLING-001: more groups than frames need the switch, K > C, and enough distinct groups."""
    most = count * math.comb(min(spec.neighbor_count, count - 1), members - 1)
    if not spec.enable_oversampling:
        what, step = "more groups than frames need oversampling (OVERSAMPLING-001)", "grouping.enable_oversampling=true"
    elif spec.neighbor_count <= members:
        what, step = "oversampling needs K > C (OVERSAMPLING-001)", f"grouping.neighbor_count={members + 3}"
    elif spec.n_groups > most:
        what, step = "the neighbours do not give that many distinct groups", "a larger grouping.neighbor_count"
    else:
        return
    raise OversamplingError(
        what, value=f"{spec.n_groups} groups, K = {spec.neighbor_count}, C = {members}",
        limit=f"{count} frames, at most {most} distinct groups", source="grouping.n_groups",
        next_step=f"set {step}, or at most {count} groups",
    )  # fmt: skip


def _nearest_others(positions: Array, count: int) -> Array:
    """(M, count) int64 nearest other frames; the frame itself is removed by index, so ties cannot remove another."""
    from scipy.spatial import cKDTree

    _, near = cKDTree(positions).query(positions, k=count + 1, workers=-1)
    near = np.asarray(near, np.int64)
    own = near == np.arange(len(positions))[:, None]
    own[~own.any(axis=1), -1] = True  # crowded out by duplicates at its own place: drop the farthest instead
    return np.asarray(near[~own].reshape(len(positions), count))


def _members(seeds: Array, nearest: Array, members: int, draws: np.random.Generator) -> Array:
    chosen = np.argsort(draws.random((len(seeds), nearest.shape[1])), axis=1)[:, : members - 1]
    others = np.take_along_axis(nearest[seeds], chosen, axis=1)
    return np.concatenate([seeds[:, None], others], axis=1)


def _oversampled(wanted: int, nearest: Array, members: int, draws: np.random.Generator) -> Array:
    """Rounds over all frames in random order; a frame whose member set was drawn before draws again in its round."""
    found: list[Array] = []
    known: set[bytes] = set()
    grown = True
    while len(found) < wanted and grown:
        before, waiting = len(found), draws.permutation(len(nearest))
        for _ in range(TRIES):
            drawn = _members(waiting, nearest, members, draws)
            fresh = np.array([_is_new(row, known) for row in drawn], bool)
            found += list(drawn[fresh])
            waiting = waiting[~fresh]
            if not waiting.size:
                break
        grown = len(found) > before
    if len(found) < wanted:
        raise OversamplingError(
            "the neighbours do not give that many distinct groups", value=wanted, limit=len(found),
            source="grouping.n_groups", next_step="raise grouping.neighbor_count or lower grouping.n_groups",
        )  # fmt: skip
    return np.stack(found[:wanted])


def _is_new(row: Array, known: set[bytes]) -> bool:
    """Whether this member set was not drawn before; from now on it was."""
    key = np.sort(row).tobytes()
    if key in known:
        return False
    known.add(key)
    return True
