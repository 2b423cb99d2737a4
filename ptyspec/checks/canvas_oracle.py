"""Perfect patches on both canvases: what is kept, where they land, and whether the object comes back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.sampled_groups import spread, true_patches
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


def oracle_energies(groups: GroupedScan, rows: Array) -> tuple[Array, Array]:
    """|O|^2 and |P O|^2 of these groups' patches, (B, C, N, N) float64 each."""
    patches = np.moveaxis(true_patches(groups, rows), -1, 1).astype(np.complex128)
    return np.abs(patches) ** 2, np.abs(patches * groups.scan.probeGuess) ** 2


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


def stitched_facts(material: Material) -> dict[str, Any]:
    """Perfect patches of the test split through the pipeline's own stitching, at their place and moved."""
    groups = material.groups.test
    rows = spread(groups.size, STITCHED)
    patches = Patches(
        object=true_patches(groups, rows), coords=groups.coords[rows], probe=groups.scan.probeGuess
    )
    made = material.pipeline.stitch(material.scenario, patches)
    moved = patches.coords + np.array(MOVE, float)[:, None]
    far = material.pipeline.stitch(material.scenario, patches.model_copy(update={"coords": moved}))
    positions, size = np.moveaxis(patches.coords[:, 0], 1, 2).reshape(-1, 2), groups.scan.N
    low, high = positions.min(axis=0) - size // 2, positions.max(axis=0) + size // 2 - 1
    height, width = made.object.shape
    x0, y0 = made.origin
    margins = [*(low - made.origin), x0 + width - 1 - high[0], y0 + height - 1 - high[1]]
    weight = illumination_weight(groups.scan.probeGuess).sum(dtype=np.float64)
    return {
        "patches": len(positions),
        "x0": x0,
        "y0": y0,
        "width": width,
        "height": height,
        "smallest_margin": float(min(margins)),
        "largest_absolute": float(np.abs(positions).max()),
        "coverage_ratio": float(made.coverage.sum(dtype=np.float64) / (weight * len(positions))),
        "coverage_change_when_moved": _change(made, far),
        "origin_moved": [far.origin[0] - x0, far.origin[1] - y0],
        "covered": float(np.mean(np.isfinite(made.object))),
        "oracle_error": _oracle_error(made, groups.scan.objectGuess),
    }


def _change(made: Reconstruction, far: Reconstruction) -> float | None:
    """Largest change of the coverage over its maximum; None where even the shape changed."""
    if made.coverage.shape != far.coverage.shape or not made.coverage.any():
        return None
    return float(np.abs(made.coverage - far.coverage).max() / made.coverage.max())


def _oracle_error(made: Reconstruction, truth: Array | None) -> float | None:
    """Relative rms distance from the object where light fell, the free phase of each joined piece removed.

    Pieces that no light joins (the images of a nested scan) have no common phase.
    """
    if truth is None:
        return None
    from scipy.ndimage import label

    height, width = made.object.shape
    x0, y0 = made.origin
    pad = max(height, width) + max(abs(x0), abs(y0))
    padded = np.pad(truth, pad)
    around = padded[y0 + pad : y0 + pad + height, x0 + pad : x0 + pad + width]
    both = np.isfinite(made.object) & (made.coverage > LIT)
    if around.shape != both.shape or not np.any(around[both]):
        return None
    pieces, count = label(both)
    missed = 0.0
    for piece in range(1, count + 1):
        found, expected = (
            image[pieces == piece].astype(np.complex128) for image in (made.object, around)
        )
        phase = np.vdot(found, expected)
        missed += float(
            np.sum(np.abs(found * (phase / abs(phase) if phase else 1.0) - expected) ** 2)
        )
    return float(missed**0.5 / np.linalg.norm(around[both]))
