"""Finished runs in one figure: reconstructions and errors above, ring correlation and training below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.render import canvas
from ptyspec.report.comparison import DRAWN
from ptyspec.report.comparison_maps import WIDTH, columns, draw, rows_of
from ptyspec.report.comparison_runs import Compared
from ptyspec.report.curves import ring_curves
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0b5fa5", "#d98b00", "#1b7f3b", "#b4436c", "#6a3d9a", "#4d4d4d")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
"""A dash of its own for each run: read without colours too."""


def figure(runs: Sequence[Compared], document: Mapping[str, Any]) -> Figure:
    """Draw the first DRAWN runs: amplitude, error and, where the object has one, phase; ring correlation and training.

    One colour scale a row where the object is one; a scale a panel where the objects differ.
    """
    drawn = list(runs[:DRAWN])
    shown = columns(drawn, document["same_object"])
    rows = rows_of(shown)
    tall = len(rows) * (max(canvas.panel_size(one.frame, WIDTH) for one in shown) + 0.7)
    wide = max(1.2 + len(shown) * (WIDTH + 0.5), 8.0)
    whole = canvas.new_figure(wide, tall + 4.0, "runs side by side, no rescaling")
    parts: Any = whole.subfigures(2, 1, height_ratios=(tall, 3.6))
    upper, lower = parts
    draw(upper, shown, rows, one_object=document["same_object"])
    left, right = lower.subplots(1, 2)
    _rings(left, drawn)
    _histories(right, drawn)
    return whole


def _rings(axes: Axes, runs: Sequence[Compared]) -> None:
    for one, colour, line in zip(runs, COLOURS, LINES, strict=False):
        found = ring_curves(scores.blocks(one.run.metrics)).get("network")
        if found is not None:
            axes.plot(
                found[0],
                found[1],
                color=colour,
                linestyle=line,
                linewidth=1.6,
                label=canvas.plain(one.name),
            )
    axes.axhline(0.5, color="#444444", linestyle=":", linewidth=1)
    axes.set(
        xlim=(0, 1),
        xlabel="spatial frequency / Nyquist",
        ylabel="ring correlation",
        title="Fourier ring correlation",
    )
    _dress(axes)


def _histories(axes: Axes, runs: Sequence[Compared]) -> None:
    for one, colour, line in zip(runs, COLOURS, LINES, strict=False):
        history = one.run.history
        if history is None or not history.epochs:
            continue
        known = ((row.epoch, row.metrics.get(history.monitor)) for row in history.epochs)
        points = [(epoch, value) for epoch, value in known if value is not None]
        label = canvas.plain(f"{one.name}, {history.monitor}")
        axes.plot(
            *np.array(points).reshape(-1, 2).T,
            color=colour,
            linestyle=line,
            linewidth=1.6,
            label=label,
        )
    values = [value for drawn in axes.get_lines() for value in np.asarray(drawn.get_ydata(), float)]
    if values and min(values) > 0:
        axes.set_yscale("log")
    axes.set(xlabel="epoch", ylabel="monitored loss", title="training")
    _dress(axes)


def _dress(axes: Axes) -> None:
    axes.title.set_fontsize(canvas.TITLE)
    axes.tick_params(labelsize=canvas.SMALL, which="both")
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=canvas.SMALL, frameon=False)
