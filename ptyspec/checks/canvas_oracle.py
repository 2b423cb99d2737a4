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
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.merge import merge_group, placement
from ptyspec.physics.scale import illumination_weight
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import cut

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


def merge_error(groups: GroupedScan, side: int) -> float | None:
    """Relative rms distance of merged perfect patches from the object around their groups' offsets.

    None where no object is known; raises CanvasError where the canvas is too small.
    """
    obj, size = groups.scan.objectGuess, groups.scan.N
    if obj is None:
        return None
    rows = spread(groups.size, MERGED)
    relative, weight = groups.coords_relative[rows], illumination_weight(groups.scan.probeGuess)
    merged = merge_group(true_patches(groups, rows), relative, weight, side)
    vertical, horizontal = placement(relative, size, side, "linear")
    lit = (vertical @ weight @ np.swapaxes(horizontal, -1, -2)).sum(axis=1) > LIT
    truth = extract_patches(obj, groups.coords_offsets[rows, 0, :, 0], side)
    return float(np.linalg.norm((merged - truth)[lit]) / np.linalg.norm(truth[lit]))


def stitched_facts(outputs: StageOutputs) -> dict[str, Any]:
    """Perfect patches of the test split through the pipeline's own stitching: in place, moved, and out of place."""
    groups = outputs.groups.test
    rows, size = spread(groups.size, STITCHED), groups.scan.N
    coords, probe = groups.coords[rows], groups.scan.probeGuess
    patches = Patches(object=true_patches(groups, rows), coords=coords, probe=probe)
    places = np.moveaxis(coords[:, 0], 1, 2)
    positions = places.reshape(-1, 2)
    # Half the scan away: no patch lies in its place.
    away = np.roll(positions, len(positions) // 2, axis=0).reshape(places.shape)
    stitched, far, wrong = (
        outputs.pipeline.stitch(outputs.scenario, patches.model_copy(update={"coords": at}))
        for at in (
            coords,
            coords + np.array(MOVE, float)[:, None],
            np.moveaxis(away, 1, 2)[:, None],
        )
    )
    low, high = positions.min(axis=0) - size // 2, positions.max(axis=0) + size // 2 - 1
    (x0, y0), (height, width) = stitched.origin, stitched.object.shape
    margins = [*(low - stitched.origin), x0 + width - 1 - high[0], y0 + height - 1 - high[1]]
    light = stitched.coverage.sum(dtype=np.float64) / len(positions)
    placed, elsewhere = (_correlation(made, groups.scan.objectGuess) for made in (stitched, wrong))
    return {
        "x0": x0,
        "y0": y0,
        "width": width,
        "height": height,
        "smallest_margin": float(min(margins)),
        "coverage_ratio": float(light / illumination_weight(probe).sum(dtype=np.float64)),
        "coverage_change_when_moved": _change(stitched, far),
        "origin_moved": [far.origin[0] - x0, far.origin[1] - y0],
        "oracle_error": _oracle_error(stitched, groups.scan.objectGuess),
        "oracle_r": placed,
        "r_that_wrong_places_cost": None if placed is None else placed - (elsewhere or 0.0),
    }


def _correlation(made: Reconstruction, truth: Array | None) -> float | None:
    """Pearson's r by the evaluator that scores networks, on covered pixels."""
    return None if truth is None else amplitude_scores(cut(made, truth))["pearson_r"]


def _change(near: Reconstruction, far: Reconstruction) -> float | None:
    """Largest change of the coverage over its maximum; None where even the shape changed."""
    if near.coverage.shape != far.coverage.shape or not near.coverage.any():
        return None
    return float(np.abs(near.coverage - far.coverage).max() / near.coverage.max())


def _oracle_error(stitched: Reconstruction, truth: Array | None) -> float | None:
    """Relative rms distance from the object where light fell, without the free phase of each joined piece.

    Pieces that no light joins (the images of a nested scan) have no common phase.
    """
    if truth is None:
        return None
    from scipy.ndimage import label

    (x0, y0), (height, width) = stitched.origin, stitched.object.shape
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
