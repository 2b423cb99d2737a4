"""The figure of the audit `loss`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLES = {"poisson": ("#0b5fa5", "Poisson"), "mae": ("#d98b00", "MAE")}


def loss_curves(
    logs: Array, curves: Mapping[str, Mapping[str, Any]], values: Mapping[str, Mapping[str, Any]]
) -> Figure:
    """One panel a subject: both terms along the object's scale, on logarithmic axes."""
    sides = {"left": 0.75, "right": 0.2, "top": 0.75, "bottom": 0.6, "across": 0.7}
    figure, axes = canvas.Grid(1, len(curves), 3.6, 2.8, **sides).figure(
        "Loss of c times the true object"
    )
    for panel, (name, terms) in zip(axes[0], curves.items(), strict=True):
        for term, curve in terms.items():
            (colour, label), at = STYLES[term], values[name]
            panel.plot(np.exp(logs), np.maximum(curve, 1e-9), color=colour, label=label, lw=1.6)
            panel.axhline(at["trivial estimate"][term], color=colour, ls=":", lw=1)
            panel.plot([1.0], [max(at["truth"][term], 1e-9)], "o", color=colour, ms=4)
        panel.axvline(1.0, color="0.6", lw=0.8)
        panel.set(xscale="log", yscale="log", xlabel="c")
        panel.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
        panel.minorticks_off()
        panel.set_title(canvas.plain(name), fontsize=canvas.TEXT)
        panel.tick_params(labelsize=canvas.SMALL)
    axes[0][0].set_ylabel("loss")
    axes[0][0].legend(fontsize=canvas.SMALL, frameon=False, loc="lower right")
    return figure
