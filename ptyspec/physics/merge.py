"""Overlapping patches to one object: inside the model (a group) and after it (the whole scan)."""

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import CanvasError
from ptyspec.physics.geometry import required_canvas
from ptyspec.physics.interpolate import sampling_matrix

FLOOR = 1e-6
"""Weight below which a canvas pixel is taken from the fill value."""


def placement(
    relative: Array, size: int, canvas: int, kind: str = "lanczos"
) -> tuple[Array, Array]:
    """Matrices (B, C, canvas, size) that place a patch on its group's canvas, vertical and horizontal.

    Placing translates by -relative; their transposes extract, translating by +relative. `relative` is
    (B, 1, 2, C), [x, y].
    """
    pad = (canvas - size) / 2
    shift = np.moveaxis(relative[:, 0], 1, 2)  # (B, C, 2)
    vertical = sampling_matrix(canvas, size, shift[..., 1] - pad, kind)  # type: ignore[arg-type]
    horizontal = sampling_matrix(canvas, size, shift[..., 0] - pad, kind)  # type: ignore[arg-type]
    return vertical, horizontal


def merge_group(
    patches: Array, relative: Array, weight: Array, canvas: int, fill: complex = 1.0
) -> Array:
    """Weighted mean of a group's patches on its canvas, (B, N, N, C) -> (B, canvas, canvas).

    Object values move by Lanczos, weights by the tent, so that weights stay non-negative; a merge of ones is one
    (moved by fractions: to 1e-3 where the summed weight exceeds 0.05, for a patch ends). Where no weight falls the
    canvas holds `fill`. Raises CanvasError when the canvas cannot hold the group.
    """
    size = patches.shape[1]
    check_canvas(relative, size, canvas)
    vertical, horizontal = placement(relative, size, canvas)
    tent_v, tent_h = placement(relative, size, canvas, "linear")
    # Real matrices times complex patches would be promoted, at ten times the cost.
    parts = (patches.real, patches.imag) if np.iscomplexobj(patches) else (patches,)
    stack = np.stack([np.moveaxis(one, -1, 1) for one in parts]).astype(float)
    moved = vertical @ stack @ np.swapaxes(horizontal, -1, -2)
    weights = tent_v @ weight @ np.swapaxes(tent_h, -1, -2)
    merged = (weights * (moved[0] + 1j * moved[1] if len(parts) > 1 else moved[0])).sum(1)
    return np.asarray((merged + FLOOR * fill) / (weights.sum(1) + FLOOR))


def extract_group(merged: Array, relative: Array, size: int) -> Array:
    """Cut every member's patch from its group's canvas, (B, canvas, canvas) -> (B, N, N, C)."""
    vertical, horizontal = placement(relative, size, merged.shape[-1])
    cut = np.swapaxes(vertical, -1, -2) @ merged[:, None] @ horizontal
    return np.moveaxis(cut, 1, -1)


def check_canvas(relative: Array, size: int, canvas: int) -> None:
    """Raise CanvasError unless the canvas holds N + 2 max|relative offset| (absolute positions have no part in it)."""
    need = required_canvas(relative, size)
    if canvas < need:
        what = "the canvas inside the model is too small for the groups"
        largest = float(np.abs(relative).max())
        source = f"model.canvas; N = {size}, largest relative offset {largest:.2f} px"
        step = "set model.canvas=0 to size it from the data, or use smaller groups (grouping.neighbor_count)"
        raise CanvasError(what, value=canvas, limit=f">= {need}", source=source, next_step=step)
