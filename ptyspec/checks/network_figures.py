"""Figures of the audits of the built network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLES = {"poisson": ("#0b5fa5", "Poisson"), "mae": ("#d98b00", "MAE")}
FLOOR = 1e-2
"""Smallest amplitude over a0 that is drawn."""


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


def ranges(subjects: Mapping[str, Mapping[str, Any]]) -> Figure:
    """What the network was seen to reach beside what the object needs, in units of a0, on a logarithmic axis."""
    rows = []
    for name, row in subjects.items():
        low, need, unit = row["required_low"] or 0.0, row["required"], row["gain"] * row["a0"]
        title = canvas.plain(name)
        rows += [
            (f"{title}: network", row["declared"][0], row["driven"]["high"], "#0b5fa5"),
            (f"{title}: object", low, need, "#1b7f3b"),
            (f"{title}: object in upstream's unit: g |O|", unit * low, unit * need, "#8c8c8c"),
        ]
    sides = {"left": 3.0, "right": 0.3, "top": 0.7, "bottom": 0.6}
    figure, axes = canvas.Grid(1, 1, 5.2, 0.36 * len(rows) + 0.3, **sides).figure(
        "Amplitude range of the head"
    )
    panel = axes[0, 0]
    for at, (_, low, high, colour) in enumerate(rows):
        left, right = max(low, FLOOR), max(high, FLOOR)
        panel.barh(at, right - left, left=left, color=colour, height=0.55)
        panel.text(right * 1.06, at, f"{low:.2g} to {high:.3g}", va="center", fontsize=canvas.SMALL)
    panel.axvline(1.0, color="#b4436c", lw=1, ls="--")
    panel.text(1.0, -0.75, "sigmoid ends", color="#b4436c", fontsize=canvas.SMALL, ha="center")
    top = max([1.0, *(high for _, _, high, _ in rows)])
    panel.set(xscale="log", xlim=(FLOOR, 5 * top), ylim=(len(rows) - 0.4, -1.1))
    panel.set_yticks(range(len(rows)), [label for label, *_ in rows])
    panel.set_xlabel("amplitude over a0 (upstream: absolute)", fontsize=canvas.SMALL)
    panel.tick_params(labelsize=canvas.SMALL)
    return figure
