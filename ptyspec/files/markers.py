"""Pixels without data: under a mask, of a mask with the other polarity, or with a marker in place of counts."""

import numpy as np

from ptyspec.contracts.arrays import blocks, runs
from ptyspec.contracts.bundles import Array
from ptyspec.files.large import gathered

MOST = 0.5
"""Part of the pixels that may carry a marker; beyond it the frames are no frames, and are refused as they stand."""


def without_markers(frames: Array, mask: Array | None) -> tuple[Array, Array | None, list[str]]:
    """Return frames that are 0 where nothing was measured, the mask (None: everywhere), and what to say about it.

    A pixel that is negative or not finite in every frame holds a marker, and no counts; clipped, it would be darkness.
    The largest number of an integer type, in whichever frame, is a gap or an overflow. A mask whose measured pixels hold
    no count while the others do has the other polarity. Frames with nothing of this are returned as they are.
    """
    said: list[str] = []
    if mask is not None and mask.shape == frames.shape[1:]:
        mask = mask.astype(bool)
        if _inverted(frames, mask):
            mask = ~mask
            said.append("the mask was used the other way round: its measured pixels held no count")
    for found, what in ((_full(frames, mask), "the largest"), (_marked(frames), "no count:")):
        found = found if mask is None or found.ndim != mask.ndim else found & mask
        if found.any() and found.mean() <= MOST:
            value = frames.dtype if what == "the largest" else frames[(0, *np.argwhere(found)[0])]
            said.append(f"{int(found.sum())} pixels hold {what} {value} and were masked")
            mask = ~found if mask is None else mask & ~found
    each = mask is not None and mask.shape == frames.shape
    if mask is None or not (each or mask.shape == frames.shape[1:]) or mask.all():
        return frames, mask, said
    if not each and not any(block[:, ~mask].any() for block in blocks(frames)):
        return frames, mask, said
    good, zero = np.broadcast_to(mask, frames.shape), np.zeros((), frames.dtype)
    kept = (np.where(good[run], frames[run], zero) for run in runs(frames))
    return gathered(kept, frames.shape, frames.dtype), mask, said


def _inverted(frames: Array, mask: Array) -> bool:
    inside = outside = 0.0
    for block in blocks(frames):
        inside += float(np.abs(np.nan_to_num(block[:, mask].astype(np.float64))).sum())
        if inside:
            return False
        outside += float(np.abs(np.nan_to_num(block[:, ~mask].astype(np.float64))).sum())
    return outside > 0


def _full(frames: Array, mask: Array | None) -> Array:
    """Pixels that hold the largest number of an integer type: in any frame, or frame by frame as the mask is."""
    if frames.dtype.kind not in "iu" or frames.ndim != 3 or not len(frames):
        return np.zeros(frames.shape[1:], bool)
    most = np.iinfo(frames.dtype).max
    if mask is not None and mask.shape == frames.shape:
        return np.asarray(frames == most)
    found = np.zeros(frames.shape[1:], bool)
    for block in blocks(frames):
        found |= (block == most).any(axis=0)
    return found


def _marked(frames: Array) -> Array:
    """(H, W) bool: pixels that hold no count in any frame; one look at the first frame where there are none."""
    if frames.ndim != 3 or frames.dtype.kind not in "if" or not len(frames):
        return np.zeros(frames.shape[1:], bool)
    found = np.ones(frames.shape[1:], bool)
    for block in blocks(frames):
        found &= (~(block >= 0) | np.isinf(block)).all(axis=0)  # NaN is not >= 0
        if not found.any():
            break
    return found
