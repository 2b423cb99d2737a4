"""Predicted patches to one object on the scan's own canvas, sized from absolute positions.

Object value = sum_j w T_j[o_j] / sum_j T_j[w], w = |P|^2 / max |P|^2; uncovered pixels are NaN. Patch phases are
free gauges of single patterns (or groups): they are synchronised before complex averaging.
"""

from typing import TYPE_CHECKING

import numpy as np

from ptyspec.contracts.bundles import Array, Patches, Reconstruction
from ptyspec.physics.geometry import object_extent
from ptyspec.physics.interpolate import REACH, resample
from ptyspec.physics.scale import illumination_weight

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CHUNK = 32
"""Patches moved at a time: what fits the cache."""


def stitch(
    patches: Patches, *, synchronise: bool = True, min_coverage: float = 0.05
) -> Reconstruction:
    """Return the weighted mean of all patches (B, N, N, C), one free phase a group removed first.

    Pixels with less than `min_coverage` of the 90th percentile of the summed weight are NaN. Every patch lies on
    the canvas whole: sum of the coverage equals B C sum w.
    """
    groups, size, _, members = patches.object.shape
    flat = np.moveaxis(patches.object, -1, 1).reshape(-1, size, size)
    positions = np.moveaxis(patches.coords[:, 0], 1, 2).reshape(-1, 2)
    x0, y0, width, height = object_extent(positions, size)
    low = positions - size // 2 - (x0, y0)
    base = np.floor(low).astype(int)
    values, weights = aligned(flat, illumination_weight(patches.probe), low - base)
    if synchronise and groups > 1:
        values *= np.repeat(group_phases(values, base, members), members)[:, None, None].conj()
    total = np.zeros((height + 1, width + 1), np.complex64)
    coverage = np.zeros(total.shape, np.float32)
    add(total, values, base)
    add(coverage, weights, base)
    return finish(total / np.maximum(coverage, 1e-12), coverage, (x0, y0), min_coverage)


def add(canvas: Array, images: Array, base: Array) -> None:
    """Add each (n, n) image to the canvas with its first pixel at base [x, y]; in order, so that sums are repeatable."""
    size = images.shape[-1]
    for image, (x, y) in zip(images, base, strict=True):
        canvas[y : y + size, x : x + size] += image


def aligned(patches: Array, weight: Array, fractions: Array) -> tuple[Array, Array]:
    """Move patches (M, N, N) and their weight by sub-pixel fractions onto whole pixels, (M, N+1, N+1) each.

    Returns (weight x object, weight); objects move by Lanczos, weights by the tent (never negative).
    """
    size = patches.shape[-1]
    values = np.empty((len(patches), size + 1, size + 1), np.complex64)
    weights = np.empty(values.shape, np.float32)
    pad = REACH["lanczos"]
    for first in range(0, len(patches), CHUNK):
        part = slice(first, first + CHUNK)
        windows = np.pad(patches[part], ((0, 0), (pad, pad), (pad, pad)))
        weights[part] = moved_weight(weight, fractions[part])
        values[part] = resample(windows, 1 - fractions[part]) * weights[part]
    return values, weights


def moved_weight(weight: Array, fractions: Array) -> Array:
    """The weight (N, N) moved by sub-pixel fractions [x, y], (M, N+1, N+1) float32; its sum is kept."""
    # A move by +f samples at i - f = (i - 1) + (1 - f).
    return resample(np.pad(weight, 1)[None], 1 - fractions, "linear")


def finish(
    obj: Array, coverage: Array, origin: tuple[int, int], min_coverage: float
) -> Reconstruction:
    """Fix the free global phase and make dark pixels NaN.

    The weighted sum of the object becomes real and positive, so that reconstructions of one scan can be joined and
    continue a flat surrounding; areas between which no light falls are scans of their own, each with its own free
    phase. Dark: below `min_coverage` of the 90th percentile of the lit pixels' weight.
    """
    from scipy.ndimage import label

    lit = coverage[coverage > 1e-3]
    limit = min_coverage * float(np.percentile(lit, 90)) if lit.size else np.inf
    covered = coverage >= limit
    areas, count = label(coverage > 0)
    turned = obj
    for area in range(1, count + 1):
        here = covered if count == 1 else covered & (areas == area)
        turn = np.exp(-1j * np.angle(np.sum(obj[here] * coverage[here], dtype=np.complex128)))
        turned = obj * turn if count == 1 else np.where(areas == area, obj * turn, turned)
    marked = np.where(covered, turned, complex(np.nan, np.nan))
    return Reconstruction(object=marked.astype(np.complex64), coverage=coverage, origin=origin)


# scipy's graph and solver modules are imported where they are used: half a second that most callers never need.
NEIGHBOURS = 8
"""Nearest groups that each group is compared with; doubled until all groups hang together."""


def group_phases(values: Array, base: Array, members: int) -> Array:
    """Return one unit complex number a group, (B,); multiply a group by its conjugate to align it.

    Angular synchronisation over the graph of overlaps: the phases maximise sum_ij Re(u_i* c_ij u_j) with c_ij the
    weighted inner product of groups i and j where they overlap; the relaxed optimum is the leading eigenvector of
    the degree-normalised c (Singer, Appl. Comput. Harmon. Anal. 30, 20 (2011)). One solve reaches across the whole
    scan, which sweeps against a running mean do not.

    `values` = weight x object (B * members, n, n) on whole pixels; `base` (B * members, 2) their corners [x, y].
    Deterministic; the free overall phase is chosen so that the factors sum to a positive number: groups that agree
    already keep their phase.
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
    if groups > 2:
        # Eigenvalues do not exceed 1: shift and invert just above, for scans with small gaps.
        start = np.ones(groups, np.complex128)
        _, vectors = eigsh(scaled.tocsc(), k=1, sigma=1.001, which="LM", v0=start)
    else:
        _, vectors = np.linalg.eigh(scaled.toarray())
    # Groups that agree stay as they are.
    vector = vectors[:, -1] * np.exp(-1j * np.angle(vectors[:, -1].sum()))
    modulus = np.abs(vector)
    return np.where(modulus > 0, vector / np.maximum(modulus, 1e-30), 1.0).astype(np.complex64)


def _connected_graph(values: Array, base: Array, members: int) -> "csr_array":
    """Hermitian overlaps (B, B) between near groups, over enough neighbours that the graph is in one piece."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    corners = base.reshape(-1, members, 2)
    groups, count = len(corners), NEIGHBOURS
    while True:
        first, second = _pairs(corners.mean(axis=1), min(count, groups - 1))
        # Of each pair of groups the two members, one of each, that lie closest: they overlap most.
        apart = corners[first][:, :, None] - corners[second][:, None]
        best = np.sum(apart**2, axis=-1).reshape(len(first), -1).argmin(axis=1)
        i, j = first * members + best // members, second * members + best % members
        pairs = zip(i, j, strict=True)
        crossed = np.array([_overlap(values, base, *pair) for pair in pairs], np.complex128)
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


def _overlap(values: Array, base: Array, i: int, j: int) -> complex:
    size = values.shape[-1]
    dx, dy = base[j] - base[i]
    if abs(dx) >= size or abs(dy) >= size:
        return 0j
    here = (slice(max(dy, 0), size + min(dy, 0)), slice(max(dx, 0), size + min(dx, 0)))
    there = (slice(max(-dy, 0), size + min(-dy, 0)), slice(max(-dx, 0), size + min(-dx, 0)))
    return complex(np.vdot(values[j][there], values[i][here]))
