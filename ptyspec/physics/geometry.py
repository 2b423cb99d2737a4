"""Object frame and patches: a position (x, y) is the patch centre; patch pixel N/2 lies on it.

The patch covers object rows y - N/2 .. y + N/2 - 1 and columns x - N/2 .. x + N/2 - 1; the object is zero
outside its frame. Relative offsets are -(coords - offset), so absolute = offset - relative.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ptyspec.contracts.bundles import Array
from ptyspec.physics.interpolate import REACH, resample

_MARGIN = REACH["lanczos"]


def extract_patches(obj: Array, positions: Array, size: int) -> Array:
    """Cut (M, size, size) patches from an (H, W) object at (M, 2) sub-pixel positions [x, y], zero outside."""
    pad = size + 2 * _MARGIN  # a window at either end of the frame holds nothing of the object
    padded = np.pad(obj, pad)
    low = np.asarray(positions) - size // 2 + pad
    base = np.floor(low).astype(int)
    limit = np.array(padded.shape)[::-1] - (size + _MARGIN)
    # Further outside every patch is the same: nothing but zeros.
    base = np.clip(base, _MARGIN - 1, limit)
    fraction = low - np.floor(low)
    span = size + 2 * _MARGIN - 1
    columns, rows = (base - _MARGIN + 1).T
    return resample(sliding_window_view(padded, (span, span))[rows, columns], fraction)


def required_canvas(relative: Array, size: int) -> int:
    """Side of the canvas inside the model: N + 2 max|relative offset|, rounded up to an even number of pixels."""
    return size + 2 * math.ceil(float(np.max(np.abs(relative), initial=0.0)))


def object_extent(positions: Array, size: int) -> tuple[int, int, int, int]:
    """Return (x0, y0, width, height) in integer object pixels that hold every patch at these (M, 2) positions."""
    low = np.floor(positions.min(axis=0)).astype(int) - size // 2
    high = np.ceil(positions.max(axis=0)).astype(int) + size // 2
    width, height = (high - low).tolist()
    return int(low[0]), int(low[1]), width, height
