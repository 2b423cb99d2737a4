"""Pixels without data: under a mask, of a mask with the other polarity, or with a marker in place of counts."""

import numpy as np

from ptyspec.contracts.arrays import release_pages
from ptyspec.contracts.bundles import Array
from ptyspec.files.zipped_arrays import blocks

MOST = 0.5
"""Part of the pixels that may carry a marker; beyond it the frames are no frames, and are refused as they stand."""


def without_markers(frames: Array, mask: Array | None) -> tuple[Array, Array | None, list[str]]:
    """Return frames that are 0 where nothing was measured, the mask (None: everywhere), and what to say about it.

    A pixel that is negative, not finite or the largest number of its type in every frame holds a marker, and no
    counts; clipped, it would be darkness. A mask whose measured pixels hold no count while the others do has the other
    polarity. Frames with nothing of this are returned as they are.
    """
    said: list[str] = []
    if mask is not None and mask.shape == frames.shape[1:]:
        mask = mask.astype(bool)
        if _inverted(frames, mask):
            mask = ~mask
            said.append("the mask was used the other way round: its measured pixels held no count")
    found = _marked(frames)
    if mask is not None and found.shape == mask.shape:
        found &= mask
    if found.any() and found.mean() <= MOST:
        value = frames[(0, *np.argwhere(found)[0])]
        said.append(f"{int(found.sum())} pixels hold {value} in every frame and were masked")
        mask = ~found if mask is None else mask & ~found
    each = mask is not None and mask.shape == frames.shape
    if mask is None or not (each or mask.shape == frames.shape[1:]) or mask.all():
        return frames, mask, said
    if not each and not any(block[:, ~mask].any() for block in blocks(frames)):
        return frames, mask, said
    return np.where(mask, frames, np.zeros((), frames.dtype)), mask, said


def _inverted(frames: Array, mask: Array) -> bool:
    inside = outside = 0.0
    for block in blocks(frames):
        inside += float(np.abs(np.nan_to_num(block[:, mask].astype(np.float64))).sum())
        if inside:
            return False
        outside += float(np.abs(np.nan_to_num(block[:, ~mask].astype(np.float64))).sum())
    return outside > 0


def _marked(frames: Array) -> Array:
    """(H, W) bool: pixels that hold no count in any frame; one look at the first frame where there are none."""
    kind = frames.dtype.kind
    if frames.ndim != 3 or kind not in "iuf" or not len(frames):
        return np.zeros(frames.shape[1:], bool)

    def empty(block: Array) -> Array:
        if kind == "f":
            return np.asarray(~np.isfinite(block) | (block < 0))
        full = block == np.iinfo(frames.dtype).max
        return np.asarray(full | (block < 0) if kind == "i" else full)

    found = empty(frames[0])
    if found.any():
        for block in blocks(frames):
            found &= empty(block).all(axis=0)
            release_pages(frames)
    return found
