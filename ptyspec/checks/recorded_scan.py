"""The investigation's own scan positions and groups, replayed: what its grouping and canvas reports were computed from.

Upstream facts 3.4 and 5.1: x, then y, uniform in [10, 382) from the legacy generator seeded with 42 whatever the
scenario said; split at the median y; a group is a frame and any C - 1 of its C nearest others. That the frame itself
was in its group is what the recorded figures tell: the largest relative offset of 8,000 frames is 9.850 px so (recorded:
9.85), and 10.747 px with the four nearest others, which the facts of July's code name. Which 1,000 of 4,000 frames were
seeds, and which neighbour was left out, depended on draws that no report holds: all of them are taken here.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

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
    """By split: offsets (B, 2) and relative offsets (B, C, 2) of every group that can have been drawn."""
    from scipy.spatial import cKDTree

    positions = recorded_positions(count)
    order = np.argsort(positions[:, 1], kind="stable")
    found = {}
    for name, part in (("train", order[: count // 2]), ("test", order[count // 2 :])):
        own = positions[part]
        _, near = cKDTree(own).query(own, k=members + 1)
        chosen = [(0, *others) for others in combinations(range(1, members + 1), members - 1)]
        coords = np.concatenate(
            [own[near[:, columns]] for columns in (chosen if members > 1 else [(0,)])]
        )
        offsets = coords.mean(axis=1)
        found[name] = (offsets, offsets[:, None] - coords)
    return found
