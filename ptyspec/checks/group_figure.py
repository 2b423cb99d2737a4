"""How often frames are used, and where groups lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.sampled_groups import spread
from ptyspec.contracts.scan import GroupedScan
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 12
"""Groups that are drawn of each split."""
COLOURS = {"train": canvas.COLOURS["network"], "test": canvas.COLOURS["untrained"]}


def use_and_places(subjects: Sequence[Material], data: Mapping[str, Any]) -> Figure:
    """One row a subject that has groups: histogram of frame use, and positions with some groups."""
    shown = [one for one in subjects if data["groups"][one.name]]
    grid = canvas.Grid(len(shown), 2, 4.2, 4.2, across=0.8, down=0.8)
    figure, axes = grid.figure("frames and groups")
    for row, one in zip(axes, shown, strict=True):
        name, groups = one.name, one.groups
        for at, (split, part) in enumerate((("train", groups.train), ("test", groups.test))):
            _histogram(row[0], part, split, at)
            _places(row[1], part, split)
        row[0].set_title(canvas.plain(f"{name}: groups that hold a frame"), fontsize=canvas.TEXT)
        row[0].set_xlabel("groups", fontsize=canvas.SMALL)
        row[0].set_ylabel("frames", fontsize=canvas.SMALL)
        row[0].legend(fontsize=canvas.SMALL, frameon=False)
        row[1].set_title(canvas.plain(f"{name}: positions and groups"), fontsize=canvas.TEXT)
        row[1].set_xlabel("x / pixel", fontsize=canvas.SMALL)
        row[1].set_ylabel("y / pixel", fontsize=canvas.SMALL)
        row[1].set_aspect("equal")
        row[1].invert_yaxis()
        for axis in row:
            axis.tick_params(labelsize=canvas.SMALL)
    return figure


def _histogram(axes: Axes, part: GroupedScan, split: str, at: int) -> None:
    counts = np.bincount(np.bincount(part.nn_indices.ravel(), minlength=part.scan.size))
    axes.bar(
        np.arange(len(counts)) + 0.4 * (at - 0.5),
        counts,
        width=0.4,
        color=COLOURS[split],
        label=split,
    )


def _places(axes: Axes, part: GroupedScan, split: str) -> None:
    x, y = part.scan.positions.T
    axes.plot(x, y, ".", markersize=2.0, color=COLOURS[split], alpha=0.5)
    for group in spread(part.size, SHOWN):
        centre = part.coords_offsets[group, 0, :, 0]
        for member in part.coords[group, 0].T:
            axes.plot(*np.stack([centre, member], axis=1), "-", color="#222222", linewidth=1.0)
        axes.plot(*part.coords[group, 0], "o", color="#222222", markersize=3.0)
