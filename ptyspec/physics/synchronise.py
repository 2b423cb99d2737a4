"""Common phase for overlapping groups: angular synchronisation over the graph of overlaps.

The phases maximise sum_ij Re(u_i* c_ij u_j) with c_ij the weighted inner product of groups i and j where they
overlap; the relaxed optimum is the leading eigenvector of the degree-normalised c (Singer, Appl. Comput. Harmon.
Anal. 30, 20 (2011)). One solve reaches across the whole scan, which sweeps against a running mean do not.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import eigsh
from scipy.spatial import cKDTree

from ptyspec.contracts.arrays import Array

NEIGHBOURS = 12
"""Overlapping patches that each patch is compared with."""


def group_phases(values: Array, weights: Array, base: Array, members: int) -> Array:
    """Return one unit complex number a group, (B,); multiply a group by its conjugate to align it.

    `values` = weight x object, `weights`: (B * members, n, n) on whole pixels; `base` (B * members, 2) their
    corners [x, y]. Deterministic; the free overall phase is that of the sum of all groups.
    """
    first, second = _pairs(base)
    crossed = np.array([_overlap(values, weights, base, i, j) for i, j in zip(first, second, strict=True)])
    groups = len(base) // members
    rows, columns = first // members, second // members
    graph = coo_array((crossed, (rows, columns)), shape=(groups, groups)).tocsr()
    graph = graph + graph.conj().T
    graph.setdiag(0)
    degree = np.asarray(abs(graph).sum(axis=1)).ravel()
    root = 1 / np.sqrt(np.maximum(degree, 1e-30))
    scaled = diags_array(root) @ graph @ diags_array(root)
    if groups > 2:
        _, vectors = eigsh(scaled, k=1, which="LA", v0=np.ones(groups, np.complex128))
    else:
        _, vectors = np.linalg.eigh(scaled.toarray())
    vector = vectors[:, -1]
    modulus = np.abs(vector)
    return np.where(modulus > 0, vector / np.maximum(modulus, 1e-30), 1.0).astype(np.complex64)


def _pairs(base: Array) -> tuple[Array, Array]:
    count = min(NEIGHBOURS + 1, len(base))
    _, near = cKDTree(base).query(base, k=count)
    first = np.repeat(np.arange(len(base)), count)
    second = np.asarray(near).ravel()
    ordered = np.unique(np.sort(np.stack([first, second], axis=1), axis=1), axis=0)
    ordered = ordered[ordered[:, 0] != ordered[:, 1]]
    return ordered[:, 0], ordered[:, 1]


def _overlap(values: Array, weights: Array, base: Array, i: int, j: int) -> complex:
    size = values.shape[-1]
    dx, dy = base[j] - base[i]
    if abs(dx) >= size or abs(dy) >= size:
        return 0j
    here = (slice(max(dy, 0), size + min(dy, 0)), slice(max(dx, 0), size + min(dx, 0)))
    there = (slice(max(-dy, 0), size + min(-dy, 0)), slice(max(-dx, 0), size + min(-dx, 0)))
    return complex(np.vdot(values[j][there], values[i][here]))
