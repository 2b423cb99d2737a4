"""Perfect patches on both canvases: what is kept, where they land, whether the object comes back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.checks.sampled_groups import spread, true_patches
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scan import GroupedScan
from ptyspec.errors import CanvasError
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.merge import merge_group, placement
from ptyspec.physics.scale import illumination_weight

MERGED, STITCHED = 6, 64
"""Groups that are merged, and stitched: evenly spread over a split."""
MOVE = (1000, -500)
"""Whole pixels by which the scan is moved: no canvas may change."""
LIT = 0.05
"""Summed weight from which a pixel counts."""


def needed_side(relative: Array, size: int) -> int:
    """Smallest side with an even excess over N that holds every member (CANVAS-001)."""
    reach = float(np.abs(relative).max()) if relative.size else 0.0
    return size + 2 * math.ceil(reach)


def jitter_rule(offsets: Array, size: int) -> int:
    """Upstream's required canvas: ceil(N + 2 max|absolute offset|), of N's parity (fact 4)."""
    side = math.ceil(size + 2 * float(np.abs(offsets).max()))
    return side + (side - size) % 2


def lost(groups: GroupedScan, side: int) -> Array:
    """Part of the energy of each perfect patch, |O|^2, that falls off a canvas of this side.

    The patches are placed as the merge places them (the tent, which keeps energy).
    """
    rows = spread(groups.size, MERGED)
    energy = np.abs(np.moveaxis(true_patches(groups, rows), -1, 1).astype(np.complex128)) ** 2
    return lost_energy(energy, groups.coords_relative[rows], side)


def lost_energy(energy: Array, relative: Array, side: int) -> Array:
    """Part of each patch's energy off such a canvas: (B, C) of (B, C, N, N) and (B, 1, 2, C)."""
    down, across = placement(relative, energy.shape[-1], side, "linear")
    kept = np.einsum("bci,bcij,bcj->bc", down.sum(axis=-2), energy, across.sum(axis=-2))
    return np.asarray(np.maximum(1 - kept / energy.sum(axis=(-2, -1)), 0.0))


def merge_error(groups: GroupedScan, side: int) -> float | str | None:
    """Relative rms distance of merged perfect patches from the object around their groups' offsets.

    None where no object is known; the refusal's text where the canvas is too small.
    """
    obj, size = groups.scan.objectGuess, groups.scan.N
    if obj is None:
        return None
    rows = spread(groups.size, MERGED)
    relative, weight = groups.coords_relative[rows], illumination_weight(groups.scan.probeGuess)
    try:
        merged = merge_group(true_patches(groups, rows), relative, weight, side)
    except CanvasError as error:
        return error.message
    vertical, horizontal = placement(relative, size, side, "linear")
    lit = (vertical @ weight @ np.swapaxes(horizontal, -1, -2)).sum(axis=1) > LIT
    truth = extract_patches(obj, groups.coords_offsets[rows, 0, :, 0], side)
    return float(np.linalg.norm((merged - truth)[lit]) / np.linalg.norm(truth[lit]))


def stitched_facts(material: StageOutputs) -> dict[str, Any]:
    """Perfect patches of the test split through the pipeline's own stitching, also when moved."""
    groups = material.groups.test
    rows = spread(groups.size, STITCHED)
    patches = Patches(
        object=true_patches(groups, rows), coords=groups.coords[rows], probe=groups.scan.probeGuess
    )
    stitched = material.pipeline.stitch(material.scenario, patches)
    moved = patches.coords + np.array(MOVE, float)[:, None]
    far = material.pipeline.stitch(material.scenario, patches.model_copy(update={"coords": moved}))
    positions, size = np.moveaxis(patches.coords[:, 0], 1, 2).reshape(-1, 2), groups.scan.N
    low, high = positions.min(axis=0) - size // 2, positions.max(axis=0) + size // 2 - 1
    height, width = stitched.object.shape
    x0, y0 = stitched.origin
    margins = [*(low - stitched.origin), x0 + width - 1 - high[0], y0 + height - 1 - high[1]]
    weight = illumination_weight(groups.scan.probeGuess).sum(dtype=np.float64)
    coverage = float(stitched.coverage.sum(dtype=np.float64))
    return {
        "patches": len(positions),
        "x0": x0,
        "y0": y0,
        "width": width,
        "height": height,
        "smallest_margin": float(min(margins)),
        "coverage_ratio": coverage / (weight * len(positions)),
        "coverage_change_when_moved": _change(stitched, far),
        "origin_moved": [far.origin[0] - x0, far.origin[1] - y0],
        "oracle_error": _oracle_error(stitched, groups.scan.objectGuess),
    }


def _change(near: Reconstruction, far: Reconstruction) -> float | None:
    """Largest change of the coverage over its maximum; None where even the shape changed."""
    if near.coverage.shape != far.coverage.shape or not near.coverage.any():
        return None
    return float(np.abs(near.coverage - far.coverage).max() / near.coverage.max())


def _oracle_error(stitched: Reconstruction, truth: Array | None) -> float | None:
    """Relative rms distance from the object where light fell, the free phase of each joined piece
    removed.

    Pieces that no light joins (the images of a nested scan) have no common phase.
    """
    if truth is None:
        return None
    from scipy.ndimage import label

    height, width = stitched.object.shape
    x0, y0 = stitched.origin
    pad = max(height, width) + max(abs(x0), abs(y0))
    around = np.pad(truth, pad)[y0 + pad : y0 + pad + height, x0 + pad : x0 + pad + width]
    both = np.isfinite(stitched.object) & (stitched.coverage > LIT)
    if around.shape != both.shape or not np.any(around[both]):
        return None
    pieces, count = label(both)
    missed = 0.0
    for piece in range(1, count + 1):
        images = (stitched.object, around)
        found, expected = (image[pieces == piece].astype(np.complex128) for image in images)
        phase = np.vdot(found, expected)
        turned = found * (phase / abs(phase) if phase else 1.0)
        missed += float(np.sum(np.abs(turned - expected) ** 2))
    return float(missed**0.5 / np.linalg.norm(around[both]))
