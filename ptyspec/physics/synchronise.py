"""Common phase for overlapping groups: angular synchronisation over the graph of overlaps.

The phases maximise sum_ij Re(u_i* c_ij u_j) with c_ij the weighted inner product of groups i and j where they
overlap; the relaxed optimum is the leading eigenvector of the degree-normalised c (Singer, Appl. Comput. Harmon.
Anal. 30, 20 (2011)). One solve reaches across the whole scan, which sweeps against a running mean do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ptyspec.contracts.bundles import Array

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# scipy's graph and solver modules are imported where they are used: half a second that most callers never need.

NEIGHBOURS = 8
"""Nearest groups that each group is compared with; doubled until all groups hang together."""


def group_phases(values: Array, base: Array, members: int) -> Array:
    """Return one unit complex number a group, (B,); multiply a group by its conjugate to align it.

    `values` = weight x object (B * members, n, n) on whole pixels; `base` (B * members, 2) their corners [x, y]. Deterministic; the free overall phase is chosen so that the factors sum to a positive number:
    groups that agree already keep their phase.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import eigsh

    graph = _connected_graph(values, base, members)
    groups = graph.shape[0]
    degree = np.asarray(abs(graph).sum(axis=1)).ravel()
    if not degree.any():
        return np.ones(groups, np.complex64)  # no two groups share light: nothing to align
    root = 1 / np.sqrt(np.maximum(degree, 1e-30))
    scaled = diags_array(root) @ graph @ diags_array(root)
    if (
        groups > 2
    ):  # eigenvalues do not exceed 1: shift and invert just above, for scans with small gaps
        _, vectors = eigsh(
            scaled.tocsc(), k=1, sigma=1.001, which="LM", v0=np.ones(groups, np.complex128)
        )
    else:
        _, vectors = np.linalg.eigh(scaled.toarray())
    vector = vectors[:, -1] * np.exp(
        -1j * np.angle(vectors[:, -1].sum())
    )  # groups that agree stay as they are
    modulus = np.abs(vector)
    return np.where(modulus > 0, vector / np.maximum(modulus, 1e-30), 1.0).astype(np.complex64)


def _connected_graph(values: Array, base: Array, members: int) -> csr_array:
    """Hermitian overlaps (B, B) between near groups, over enough neighbours that the graph is in one piece."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    corners = base.reshape(-1, members, 2)
    groups, count = len(corners), NEIGHBOURS
    while True:
        first, second = _pairs(corners.mean(axis=1), min(count, groups - 1))
        i, j = _closest_members(corners, first, second)
        crossed = np.array(
            [_overlap(values, base, *pair) for pair in zip(i, j, strict=True)], np.complex128
        )
        graph = coo_array((crossed, (first, second)), shape=(groups, groups)).tocsr()
        graph.eliminate_zeros()
        pieces = connected_components(abs(graph), directed=False, return_labels=False)
        if pieces == 1 or count >= groups - 1 or count >= 8 * NEIGHBOURS:
            return graph + graph.conj().T
        count *= 2


def _pairs(centres: Array, count: int) -> tuple[Array, Array]:
    """Unordered pairs of groups, each with its `count` nearest others."""
    from scipy.spatial import cKDTree

    _, near = cKDTree(centres).query(centres, k=count + 1)
    first, second = np.repeat(np.arange(len(centres)), count + 1), np.asarray(near).ravel()
    ordered = np.unique(np.sort(np.stack([first, second], axis=1), axis=1), axis=0)
    ordered = ordered[ordered[:, 0] != ordered[:, 1]]
    return ordered[:, 0], ordered[:, 1]


def _closest_members(corners: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """For each pair of groups the two members, one of each, that lie closest: they overlap most."""
    members = corners.shape[1]
    apart = corners[first][:, :, None] - corners[second][:, None]
    best = np.sum(apart**2, axis=-1).reshape(len(first), -1).argmin(axis=1)
    return first * members + best // members, second * members + best % members


def _overlap(values: Array, base: Array, i: int, j: int) -> complex:
    size = values.shape[-1]
    dx, dy = base[j] - base[i]
    if abs(dx) >= size or abs(dy) >= size:
        return 0j
    here = (slice(max(dy, 0), size + min(dy, 0)), slice(max(dx, 0), size + min(dx, 0)))
    there = (slice(max(-dy, 0), size + min(-dy, 0)), slice(max(-dx, 0), size + min(-dx, 0)))
    return complex(np.vdot(values[j][there], values[i][here]))
