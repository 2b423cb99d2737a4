"""Amplitude beside the truth before and after the best scalar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptyspec.checks.bias import least_squares
from ptyspec.render import canvas
from ptyspec.render.views import Frame as View
from ptyspec.scores.frame import Frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 2.6
"""Of a panel, inches."""


def panels(subjects: Sequence[tuple[str, Frame]]) -> Figure:
    """One row a subject: truth, reconstruction, and both differences."""
    height = max(1.5, *(canvas.panel_size(_view(frame), WIDTH) for _, frame in subjects))
    grid = canvas.Grid(len(subjects), 4, WIDTH, height, left=0.75, across=1.05, down=0.75, top=0.95)
    figure, axes = grid.figure("amplitude before and after the best scalar")
    for row, (name, frame) in enumerate(subjects):
        _row(axes[row], frame)
        axes[row][0].set_ylabel(canvas.plain(name), fontsize=canvas.TITLE)
    return figure


def _view(frame: Frame) -> View:
    return View(frame.origin[0], frame.origin[1], frame.mask.shape[1], frame.mask.shape[0])


def _row(axes: Sequence[Axes], frame: Frame) -> None:
    prediction, truth = (
        np.where(frame.mask, np.abs(image), np.nan) for image in (frame.rec, frame.truth)
    )
    best = least_squares(prediction[frame.mask], truth[frame.mask]) or 1.0
    levels, bound = canvas.value_limits(truth), canvas.symmetric_limit(prediction - truth)
    rows = (
        ("truth", truth, "viridis", levels),
        ("reconstruction", prediction, "viridis", levels),
        ("difference", prediction - truth, "RdBu_r", (-bound, bound)),
        (f"difference after x {best:.3f}", best * prediction - truth, "RdBu_r", (-bound, bound)),
    )
    for panel, (title, image, colours, limits) in zip(axes, rows, strict=True):
        drawn = canvas.image_panel(
            panel, image, _view(frame), cmap=colours, limits=limits, title=title
        )
        canvas.colour_bar(panel, drawn, "amplitude")
