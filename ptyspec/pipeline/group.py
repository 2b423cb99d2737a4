"""Stage 3: overlapping groups of C = gridsize^2 frames, by nearest neighbours or as a lattice laid them down."""

import math
from typing import Literal

import numpy as np

from ptyspec.contracts.bundles import Array, GroupedScan, RawScan
from ptyspec.contracts.scenario import GroupingSpec, Scenario
from ptyspec.errors import LatticeError, NeighborCountError, OversamplingError, TooFewPointsError
from ptyspec.physics.nested import member_offsets
from ptyspec.pipeline.protocol import GroupedTrainTest, TrainTest
from ptyspec.seeds import generator

NOMINAL = 1e-6
"""Pixels by which a nominal position may miss its place on a lattice."""
TRIES = 64
"""Draws that a frame has in a round of oversampling before its distinct sets count as used up."""


def group(scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
    """Return groups of each split; no frame of one split is ever a member of a group of the other."""
    parts: dict[str, GroupedScan] = {}
    names: tuple[Literal["train", "test"], ...] = ("train", "test")
    for name in names:
        scan: RawScan = getattr(halves, name)
        draws = generator(scenario.seeds.grouping, f"groups {name}")
        if scenario.grouping.kind == "lattice":
            laid = lattice_groups(scan, scenario.model.gridsize, scenario.scan.offset)
            indices = laid[draws.permutation(len(laid))[: scenario.grouping.n_groups]]
        else:
            indices = form_groups(scan.positions, scenario.members, scenario.grouping, draws)
        parts[name] = with_offsets(scan, indices, name)
    return GroupedTrainTest(**parts)


def with_offsets(
    scan: RawScan, indices: Array, split: Literal["train", "test", "all"] = "all"
) -> GroupedScan:
    """Return groups with offset = mean position of the members and relative = -(coords - offset)."""
    coords = np.moveaxis(scan.positions[indices], 1, 2)[:, None]
    offsets = coords.mean(axis=-1, keepdims=True)
    places = {"coords_offsets": offsets, "coords_relative": offsets - coords}
    return GroupedScan(scan=scan, nn_indices=indices, split=split, **places)


def lattice_groups(scan: RawScan, gridsize: int, offset: float) -> Array:
    """Return all groups (B, C) int64 that a nested lattice of this gridsize and offset was laid down in.

    Channel c is the frame at row c // gridsize and column c % gridsize of its group. The scan's nominal positions and
    images are checked, never assumed: raises TooFewPointsError, LatticeError.
    """
    members = gridsize**2
    _check_count(scan.size, members)
    if scan.size % members:
        raise _no_lattice(f"{scan.size} frames", f"a multiple of {members}")
    indices = np.arange(scan.size).reshape(-1, members)
    nominal = np.stack([scan.xcoords_start, scan.ycoords_start], axis=1)[indices]
    way = nominal - nominal[:, :1] - member_offsets(gridsize, offset)
    mixed = np.any(np.diff(scan.scan_index[indices], axis=1), axis=1)
    wrong = np.any(np.abs(way) > NOMINAL, axis=(1, 2)) | mixed
    if wrong.any():
        row = int(np.argmax(wrong))
        places = ", ".join(f"({x:g}, {y:g})" for x, y in nominal[row])
        raise _no_lattice(
            f"{int(wrong.sum())} of {len(indices)} groups do not, the first being number {row} at {places}",
            f"{gridsize} x {gridsize} frames of one image every {offset:g} px, row by row",
        )
    return indices


def _no_lattice(value: str, limit: str) -> LatticeError:
    what = "the scan was not laid down in groups of a nested lattice"
    step = "set grouping.kind=nearest, or the gridsize and offset that the scan was made with"
    source = "grouping.kind, scan.offset, model.gridsize and the scan's nominal positions"
    return LatticeError(what, value=value, limit=limit, source=source, next_step=step)


def form_groups(
    positions: Array, members: int, spec: GroupingSpec, draws: np.random.Generator
) -> Array:
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


def _check_count(count: int, members: int) -> None:
    if count < members:
        raise TooFewPointsError(
            f"the dataset has only {count} points but {members} coordinates per group are requested",
            value=count,
            limit=f">= {members}",
            source="model.gridsize and the split",
            next_step="use a smaller gridsize, more frames, or split.kind=none",
        )


def _check(count: int, members: int, spec: GroupingSpec) -> None:
    _check_count(count, members)
    if members > 1 and spec.neighbor_count < members:
        what = "fewer neighbours than a group has members (K < C)"
        source = "grouping.neighbor_count"
        step, limit = f"set {source} to {members} or more", f">= {members}"
        value = spec.neighbor_count
        raise NeighborCountError(what, value=value, limit=limit, source=source, next_step=step)
    if members > 1 and spec.n_groups > count:
        _check_oversampling(count, members, spec)


def _check_oversampling(count: int, members: int, spec: GroupingSpec) -> None:
    """OVERSAMPLING-001: more groups than frames need the switch, K > C, and enough distinct groups."""
    most = count * math.comb(min(spec.neighbor_count, count - 1), members - 1)
    if not spec.enable_oversampling:
        what = "more groups than frames need oversampling (OVERSAMPLING-001)"
        step = "grouping.enable_oversampling=true"
    elif spec.neighbor_count <= members:
        what = "oversampling needs K > C (OVERSAMPLING-001)"
        step = f"grouping.neighbor_count={members + 3}"
    elif spec.n_groups > most:
        what = "the neighbours do not give that many distinct groups"
        step = "a larger grouping.neighbor_count"
    else:
        return
    advice = f"set {step}, or at most {count} groups"
    limit = f"{count} frames, at most {most} distinct groups"
    value = f"{spec.n_groups} groups, K = {spec.neighbor_count}, C = {members}"
    source = "grouping.n_groups"
    raise OversamplingError(what, value=value, limit=limit, source=source, next_step=advice)


def _nearest_others(positions: Array, count: int) -> Array:
    """(M, count) int64 nearest other frames; the frame itself is removed by index, so ties cannot remove another."""
    from scipy.spatial import cKDTree

    _, near = cKDTree(positions).query(positions, k=count + 1, workers=-1)
    near = np.asarray(near, np.int64)
    own = near == np.arange(len(positions))[:, None]
    # Crowded out by duplicates at its own place: drop the farthest instead.
    own[~own.any(axis=1), -1] = True
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
        what = "the neighbours do not give that many distinct groups"
        step = "raise grouping.neighbor_count or lower grouping.n_groups"
        source = "grouping.n_groups"
        raise OversamplingError(what, value=wanted, limit=len(found), source=source, next_step=step)
    return np.stack(found[:wanted])


def _is_new(row: Array, known: set[bytes]) -> bool:
    """Whether this member set was not drawn before; from now on it was."""
    key = np.sort(row).tobytes()
    if key in known:
        return False
    known.add(key)
    return True
