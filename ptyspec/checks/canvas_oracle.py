"""Perfect patches on both canvases: what is kept, where they land, whether the object comes back."""

from __future__ import annotations

import math

import numpy as np

from ptyspec.checks.sampled_groups import spread, true_patches
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, GroupedScan, Patches, Reconstruction
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


def stitched(outputs: StageOutputs) -> tuple[Array, Reconstruction, Reconstruction, Reconstruction]:
    """Return positions (M, 2) of perfect patches of the test split, and what the pipeline's own stitching makes of them.

    In place, moved, and at places of other patches, half the scan away.
    """
    groups = outputs.groups.test
    rows = spread(groups.size, STITCHED)
    coords, truth = groups.coords[rows], true_patches(groups, rows)
    places = np.moveaxis(coords[:, 0], 1, 2)
    positions = places.reshape(-1, 2)
    away = np.roll(positions, len(positions) // 2, axis=0).reshape(places.shape)
    near, far, wrong = (
        outputs.pipeline.stitch(
            outputs.scenario, Patches(object=truth, coords=at, probe=groups.scan.probeGuess)
        )
        for at in (
            coords,
            coords + np.array(MOVE, float)[:, None],
            np.moveaxis(away, 1, 2)[:, None],
        )
    )
    return positions, near, far, wrong


def correlations(outputs: StageOutputs) -> list[float | None]:
    """Return Pearson's r of perfect patches in place and at wrong places, by the evaluator that scores networks."""
    truth, (_, near, _, wrong) = outputs.scan.objectGuess, outputs.facts(stitched)
    if truth is None:
        return [None, None]
    return [amplitude_scores(cut(made, truth))["pearson_r"] for made in (near, wrong)]


def stitch_error(made: Reconstruction, truth: Array | None) -> float | None:
    """Relative rms distance from the object where light fell, without the free phase of each joined piece.

    Pieces that no light joins (the images of a nested scan) have no common phase.
    """
    if truth is None:
        return None
    from scipy.ndimage import label

    (x0, y0), (height, width) = made.origin, made.object.shape
    pad = max(height, width) + max(abs(x0), abs(y0))
    around = np.pad(truth, pad)[y0 + pad : y0 + pad + height, x0 + pad : x0 + pad + width]
    both = np.isfinite(made.object) & (made.coverage > LIT)
    if around.shape != both.shape or not np.any(around[both]):
        return None
    pieces, count = label(both)
    missed = 0.0
    for piece in range(1, count + 1):
        images = (made.object, around)
        found, expected = (image[pieces == piece].astype(np.complex128) for image in images)
        phase = np.vdot(found, expected)
        turned = found * (phase / abs(phase) if phase else 1.0)
        missed += float(np.sum(np.abs(turned - expected) ** 2))
    return float(missed**0.5 / np.linalg.norm(around[both]))
