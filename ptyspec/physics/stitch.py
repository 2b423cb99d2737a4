"""Predicted patches to one object on the scan's own canvas, sized from absolute positions.

Object value = sum_j w T_j[o_j] / sum_j T_j[w], w = |P|^2 / max |P|^2; uncovered pixels are NaN. Patch phases are
free gauges of single patterns (or groups): they are synchronised before complex averaging.
"""

from __future__ import annotations

import numpy as np

from ptyspec.contracts.bundles import Array, Patches, Reconstruction
from ptyspec.physics.geometry import object_extent
from ptyspec.physics.interpolate import REACH, resample
from ptyspec.physics.scale import illumination_weight
from ptyspec.physics.synchronise import group_phases

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
    lit = coverage[coverage > 1e-3]
    limit = min_coverage * float(np.percentile(lit, 90)) if lit.size else np.inf
    covered = coverage >= limit
    turned = _turned(obj, coverage, covered)
    marked = np.where(covered, turned, complex(np.nan, np.nan))
    return Reconstruction(object=marked.astype(np.complex64), coverage=coverage, origin=origin)


def _turned(obj: Array, coverage: Array, covered: Array) -> Array:
    """The object with the weighted sum over the covered pixels of each lit area real and positive."""
    from scipy.ndimage import label

    areas, count = label(coverage > 0)
    turned = obj
    for area in range(1, count + 1):
        here = covered if count == 1 else covered & (areas == area)
        turn = np.exp(-1j * np.angle(np.sum(obj[here] * coverage[here], dtype=np.complex128)))
        turned = obj * turn if count == 1 else np.where(areas == area, obj * turn, turned)
    return turned
