"""Amplitude beside the truth before and after the best scalar, and the distribution of the ratio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptyspec.checks.amplitude_error import least_squares
from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas
from ptyspec.render.views import Frame as View
from ptyspec.scores.frame import Frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 80
WIDTH = 2.6
"""Of a panel, inches."""
BEFORE, AFTER = canvas.COLOURS["untrained"], canvas.COLOURS["network"]


def panels(subjects: Sequence[tuple[str, Frame]]) -> Figure:
    """One row a subject: truth, reconstruction, both differences, and the histogram of the ratio."""
    height = max(1.5, *(canvas.panel_size(_view(frame), WIDTH) for _, frame in subjects))
    grid = canvas.Grid(len(subjects), 5, WIDTH, height, left=0.75, across=1.05, down=0.75, top=0.95)
    figure, axes = grid.figure("amplitude before and after the best scalar")
    for row, (name, frame) in enumerate(subjects):
        _row(axes[row], name, frame)
    return figure


def _view(frame: Frame) -> View:
    return View(frame.origin[0], frame.origin[1], frame.mask.shape[1], frame.mask.shape[0])


def _row(axes: Sequence[Axes], name: str, frame: Frame) -> None:
    prediction, truth = (
        np.where(frame.mask, np.abs(image), np.nan) for image in (frame.rec, frame.truth)
    )
    best = least_squares(prediction[frame.mask], truth[frame.mask]) or 1.0
    limits = canvas.value_limits(truth)
    view = _view(frame)
    for place, (image, title) in enumerate(((truth, "truth"), (prediction, "reconstruction"))):
        drawn = canvas.image_panel(
            axes[place], image, view, cmap="viridis", limits=limits, title=title
        )
        canvas.colour_bar(axes[place], drawn, "amplitude")
    before, after = prediction - truth, best * prediction - truth
    bound = canvas.symmetric_limit(before)
    for place, (image, title) in enumerate(
        ((before, "difference"), (after, f"difference after x {best:.3f}")), start=2
    ):
        drawn = canvas.image_panel(
            axes[place], image, view, cmap="RdBu_r", limits=(-bound, bound), title=title
        )
        canvas.colour_bar(axes[place], drawn, "amplitude", extend="both")
    axes[0].set_ylabel(canvas.plain(name), fontsize=canvas.TITLE)
    _histogram(axes[4], prediction[frame.mask] / truth[frame.mask], best)


def _histogram(axes: Axes, ratio: Array, best: float) -> None:
    seen = ratio[np.isfinite(ratio)]
    low, high = np.percentile(np.concatenate([seen, best * seen]), (0.5, 99.5))
    edges = np.linspace(min(low, 0.95), max(high, 1.05), BINS).tolist()
    axes.hist(seen, edges, color=BEFORE, histtype="step", linewidth=1.8, label="as it is")
    axes.hist(
        best * seen, edges, color=AFTER, histtype="step", linewidth=1.2, label="after the scalar"
    )
    axes.axvline(1.0, color="#444444", linestyle="--", linewidth=1)
    axes.set_title("pixels by reconstruction / truth", fontsize=canvas.TEXT)
    axes.set_xlabel("ratio", fontsize=canvas.SMALL)
    axes.tick_params(labelsize=canvas.SMALL)
    axes.set_ylim(top=1.3 * axes.get_ylim()[1])
    axes.legend(fontsize=canvas.SMALL, frameon=False, loc="upper right")
