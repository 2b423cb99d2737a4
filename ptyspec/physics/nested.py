"""Nested lattice: groups every outer offset, and in each the gridsize x gridsize frames every inner offset.

What the grid simulation of dose_experiments scans. Each split has images of its own, which lie side by side in one
object frame with N dark pixels between them; every frame lies whole inside its image.
"""

import math
from dataclasses import dataclass

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import ModelConfig, ObjectSpec, ScanSpec
from ptyspec.errors import ConfigError
from ptyspec.seeds import generator


@dataclass(frozen=True)
class NestedLattice:
    """Frames image by image, those that train first; in an image group by group, in a group member by member.

    - positions: (M, 2) float64, nominal [x, y]: whole object pixels.
    - image: (M,) int64, number of the image that a frame was taken on.
    - low, high: (M, 2) float64, first and last positions [x, y] whose frame lies inside that image.
    """

    positions: Array
    image: Array
    low: Array
    high: Array


def nested_lattice(scan: ScanSpec, obj: ObjectSpec, model: ModelConfig) -> NestedLattice:
    """Return the largest lattices of at most scan.n_images frames, centred in their images, over equal areas.

    Image k covers columns k (size + N) .. k (size + N) + size - 1. Raises ConfigError where no group fits on an image,
    or n_images leaves an image without one.
    """
    outer = [scan.outer_offset_train] * obj.images_train
    outer += [scan.outer_offset_test] * obj.images_test
    inner = member_offsets(model.gridsize, scan.offset)
    positions, images = [], []
    for k, (step, side) in enumerate(zip(outer, _sides(scan, obj, model, outer), strict=True)):
        area = (side - 1) * step + group_extent(scan, model)
        first = (obj.size - area) // 2 + model.N // 2
        corner = np.array([k * (obj.size + model.N) + first, first])
        made = (corner + step * _row_major(side))[:, None] + inner
        positions.append(made.reshape(-1, 2))
        images.append(np.full(made.size // 2, k))
    image = np.concatenate(images)
    low = np.stack([image * (obj.size + model.N), np.zeros(len(image))], axis=1) + model.N // 2
    nominal = np.concatenate(positions).astype(float)
    return NestedLattice(nominal, image, low, low + obj.size - model.N)


def displaced(lattice: NestedLattice, jitter: float, seed: int) -> Array:
    """Return actual positions (M, 2): up to `jitter` pixels from the nominal ones, frames still inside their image."""
    nominal = lattice.positions
    moved = nominal + generator(seed, "scan positions").uniform(-jitter, jitter, nominal.shape)
    return np.clip(moved, lattice.low, lattice.high)


def member_offsets(gridsize: int, offset: float) -> Array:
    """Places (C, 2) [x, y] of a group's members from its first: channel c in row c // gridsize, column c % gridsize."""
    return offset * _row_major(gridsize)


def group_extent(scan: ScanSpec, model: ModelConfig) -> int:
    """Side of the area that one group's frames cover together, pixels (upstream: bigN)."""
    return model.N + (model.gridsize - 1) * scan.offset


def _row_major(side: int) -> Array:
    rows, columns = np.divmod(np.arange(side**2), side)
    return np.stack([columns, rows], axis=1)


def _sides(scan: ScanSpec, obj: ObjectSpec, model: ModelConfig, outer: list[int]) -> list[int]:
    """Groups along a side of each image."""
    extent = group_extent(scan, model)
    if extent > obj.size:
        what = "no group of the nested lattice fits on an image"
        covered = f"a group covers {extent} px"
        advice = f"raise object.size to at least {extent}, or lower scan.offset"
        limit, source = f"{obj.size} px", "model.N, model.gridsize, scan.offset, object.size"
        raise ConfigError(what, value=covered, limit=limit, source=source, next_step=advice)
    whole = [(obj.size - extent) // step + 1 for step in outer]
    frames = model.gridsize**2 * sum(side**2 for side in whole)
    wanted = min(scan.n_images, frames)
    sides = [math.isqrt(side**2 * wanted // frames) for side in whole]
    if min(sides) < 1:
        what = "scan.n_images leaves an image of the nested lattice without a group"
        advice = "raise scan.n_images, or bring the outer offsets nearer to each other"
        value, limit = scan.n_images, f">= {-(-frames // min(whole) ** 2)}"
        raise ConfigError(what, value=value, limit=limit, source="scan.n_images", next_step=advice)
    return sides
