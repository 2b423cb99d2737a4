"""The investigation's own scan positions and groups, replayed: what its grouping and canvas reports were computed from.

Upstream facts 3.4 and 5.1: x, then y, uniform in [10, 382) from the legacy generator seeded with 42 whatever the
scenario said; split at the median y; the four nearest others of a frame are its group (C = K = 4 leaves no choice, and
the frame itself is not in it). Which 1,000 of 4,000 frames were seeds depended on draws that no report holds: all of
them are taken here.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ptyspec.contracts.arrays import Array

BUFFER, OBJECT, SEED = 10, 392, 42


@cache
def recorded_positions(count: int) -> Array:
    """(count, 2) positions [x, y] of a recorded scan of this many frames."""
    draws = np.random.RandomState(SEED)  # a private instance: the global generator is never touched
    x, y = (draws.uniform(BUFFER, OBJECT - BUFFER, count) for _ in range(2))
    return np.stack([x, y], axis=1)


@cache
def recorded_groups(count: int, members: int) -> dict[str, tuple[Array, Array]]:
    """By split: offsets (B, 2) and relative offsets (B, C, 2) of the group of every frame."""
    from scipy.spatial import cKDTree

    positions = recorded_positions(count)
    order = np.argsort(positions[:, 1], kind="stable")
    found = {}
    for name, part in (("train", order[: count // 2]), ("test", order[count // 2 :])):
        own = positions[part]
        if members == 1:
            coords = own[:, None]
        else:
            _, near = cKDTree(own).query(own, k=members + 1)
            coords = own[near[:, 1:]]
        offsets = coords.mean(axis=1)
        found[name] = (offsets, offsets[:, None] - coords)
    return found
