"""Probes beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def beside(subjects: Sequence[StageOutputs], _: object) -> Figure:
    """Modulus above, phase below, one column a probe; each modulus on its own scale."""
    shown = [(one.name, one.scan.probeGuess) for one in subjects]
    grid = canvas.Grid(2, len(shown), 2.5, 2.5, top=0.75)
    figure, axes = grid.figure("probes")
    for column, (name, probe) in enumerate(shown):
        level = np.abs(probe)
        drawn = axes[0, column].imshow(
            level, cmap="viridis", vmin=0, vmax=float(level.max()), interpolation="nearest"
        )
        canvas.colour_bar(axes[0, column], drawn, "|P|")
        lit = level > 0.02 * level.max()
        phase = np.ma.masked_where(~lit, np.angle(probe))
        turned = axes[1, column].imshow(
            phase, cmap="twilight", vmin=-np.pi, vmax=np.pi, interpolation="nearest"
        )
        canvas.colour_bar(axes[1, column], turned, "phase / rad, above 2 % of max")
        for row in (0, 1):
            _marks(axes[row, column], len(probe))
        axes[0, column].set_title(canvas.plain(name), fontsize=canvas.TEXT)
    return figure


def _marks(axes: Axes, size: int) -> None:
    from matplotlib.patches import Circle, Rectangle

    centre = (size - 1) / 2
    axes.add_patch(Circle((centre, centre), size / 4, fill=False, color="white", linewidth=1.0))
    corner, half = (size / 4 - 0.5, size / 4 - 0.5), size / 2
    axes.add_patch(Rectangle(corner, half, half, fill=False, color="white", linestyle="--"))
    axes.set_facecolor(canvas.GREY)
    axes.set_xlabel("pixel", fontsize=canvas.SMALL)
    axes.tick_params(labelsize=canvas.SMALL)
