"""Bring two images to the pixels they share: frames, origins and coverage (failure signatures 58, 59, 77)."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.errors import ScanDataError

NO_PIXEL = "no covered pixel lies inside the object"
SEARCH_SIDE = 512
"""Covered areas with a longer side are searched for their largest rectangle on a coarser grid."""

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Frame:
    """Two images of the same object pixels.

    - rec, truth: (H, W) complex128, 0 outside the mask.
    - mask: (H, W) bool, True where both are known; its bounding box is the whole frame.
    - origin: (x0, y0), object-frame column and row of pixel [0, 0].
    """

    rec: Array
    truth: Array
    mask: Array
    origin: tuple[int, int]

    @property
    def pixels(self) -> int:
        """Number of pixels that count."""
        return int(self.mask.sum())

    @cached_property
    def rectangle(self) -> Window:
        """The largest rectangle inside the mask (see `largest_rectangle`)."""
        return largest_rectangle(self.mask)


def covered(reconstruction: Reconstruction) -> Array:
    """Return (H, W) bool: finite object and probe light; raises ScanDataError where the shapes disagree."""
    image, weight = reconstruction.object, reconstruction.coverage
    if image.ndim != 2 or weight.shape != image.shape:
        what = "object and coverage of a reconstruction differ in shape"
        step = "write both from the same stitched canvas"
        limit = "two equal (H, W)"
        raise ScanDataError(what, value=(image.shape, weight.shape), limit=limit, next_step=step)
    return np.asarray(np.isfinite(image) & (weight > 0))


def has_nan(reconstruction: Reconstruction) -> bool:
    """Say whether a pixel is not finite although it got more light than some pixel that is.

    Stitching leaves out weakly lit pixels below its own threshold, so light alone does not make a NaN a defect.
    """
    finite, weight = np.isfinite(reconstruction.object), reconstruction.coverage
    least = float(weight[finite].min()) if finite.any() else 0.0
    return bool((~finite & (weight > max(least, 0.0))).any())


def cut(reconstruction: Reconstruction, truth: Array) -> Frame:
    """Return the covered pixels of a reconstruction and of the object that lies at (0, 0) of the object frame.

    Pixels beyond the object (which is zero there) and non-finite truth are left out.
    Raises ScanDataError unless truth is a two-dimensional array.
    """
    known = np.asarray(truth)
    if known.ndim != 2:
        what = "the truth is not an image"
        raise ScanDataError(what, value=known.shape, limit="(H, W)", next_step="pass the object")
    return share_with(reconstruction, known, (0, 0))


def common(first: Reconstruction, second: Reconstruction) -> Frame:
    """Return the pixels that two reconstructions of one scan both cover (`second` stands as truth)."""
    return _share(_placed(first), _placed(second))


def share_with(reconstruction: Reconstruction, other: Array, origin: tuple[int, int]) -> Frame:
    """Return the pixels shared with an array whose pixel [0, 0] lies at `origin` of the object frame."""
    return _share(_placed(reconstruction), _Placed(other, np.isfinite(other), origin))


class _Placed(NamedTuple):
    """An image, where it is known, and the object-frame column and row of its pixel [0, 0]."""

    image: Array
    mask: Array
    origin: tuple[int, int]


def _placed(reconstruction: Reconstruction) -> _Placed:
    return _Placed(reconstruction.object, covered(reconstruction), reconstruction.origin)


def _share(rec: _Placed, truth: _Placed) -> Frame:
    left, top = (max(pair) for pair in zip(rec.origin, truth.origin, strict=True))
    both = (rec, truth)
    right = max(left, min(one.origin[0] + one.image.shape[1] for one in both))
    bottom = max(top, min(one.origin[1] + one.image.shape[0] for one in both))
    # The part of each image that covers this rectangle of the object frame.
    here, there = (
        (slice(top - y, bottom - y), slice(left - x, right - x))
        for x, y in (one.origin for one in both)
    )
    mask = rec.mask[here] & truth.mask[there]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(0, 0), slice(0, 0)
    if rows.size:
        box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    mask, first, second = mask[box], rec.image[here][box], truth.image[there][box]
    return Frame(
        rec=np.where(mask, first, 0).astype(np.complex128),
        truth=np.where(mask, second, 0).astype(np.complex128),
        mask=mask,
        origin=(left + box[1].start, top + box[0].start),
    )


def largest_rectangle(mask: Array) -> Window:
    """Return the largest axis-parallel rectangle in which every pixel is True (empty slices where there is none).

    Areas with a side above SEARCH_SIDE are searched in blocks, so that the answer is exact to one block.
    """
    if mask.all():
        return slice(0, mask.shape[0]), slice(0, mask.shape[1])
    step = max(1, -(-max(mask.shape, default=1) // SEARCH_SIDE))
    rows, columns = mask.shape[0] // step, mask.shape[1] // step
    blocks = np.asarray(
        mask[: rows * step, : columns * step].reshape(rows, step, columns, step).all(axis=(1, 3))
    )
    best, window = 0, (0, 0, 0, 0)
    at = np.arange(columns)
    height, left, right = np.zeros(columns, int), np.zeros(columns, int), np.full(columns, columns)
    for row, lit in enumerate(blocks):
        # For each column the widest rectangle that ends in this row and is as tall as the column.
        height = np.where(lit, height + 1, 0)
        end = np.minimum.accumulate(np.where(lit, columns, at)[::-1])[::-1]
        left = np.where(lit, np.maximum(left, np.maximum.accumulate(np.where(lit, 0, at + 1))), 0)
        right = np.where(lit, np.minimum(right, end), columns)
        areas = height * (right - left)
        if (area := int(areas.max(initial=0))) > best:
            # Of equally large ones that which ends first, and of these the tallest.
            k = min(np.flatnonzero(areas == area), key=lambda k: (right[k], -height[k]))
            best, window = area, (row + 1 - height[k], row + 1, left[k], right[k])
    edges = [int(edge) * step for edge in window]
    return slice(*edges[:2]), slice(*edges[2:])
