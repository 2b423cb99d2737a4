"""Figures of the audits of the built network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = {"poisson": ("#0b5fa5", "Poisson"), "mae": ("#d98b00", "MAE")}


def loss_curves(
    logs: Array, subjects: Mapping[str, Mapping[str, tuple[list[float], dict[str, float]]]]
) -> Figure:
    """One panel a subject: both terms along the object's scale, on logarithmic axes."""
    grid = canvas.Grid(
        1, len(subjects), 3.6, 2.8, left=0.75, right=0.2, top=0.75, bottom=0.6, across=0.7
    )
    figure, axes = grid.figure("Loss of c times the true object")
    for panel, (name, terms) in zip(axes[0], subjects.items(), strict=True):
        for term, (values, at) in terms.items():
            colour, label = STYLES[term]
            shown = np.maximum(values, 1e-9)
            panel.plot(np.exp(logs), shown, color=colour, label=label, lw=1.6)
            panel.axhline(at["trivial estimate"], color=colour, ls=":", lw=1)
            panel.plot([1.0], [max(at["truth"], 1e-9)], "o", color=colour, ms=4)
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
    rows = [(name, what) for name in subjects for what in ("reached", "required", "upstream")]
    colours = {"reached": "#0b5fa5", "required": "#1b7f3b", "upstream": "#8c8c8c"}
    labels = {
        "reached": "network",
        "required": "object",
        "upstream": "object in upstream's unit: g |O|",
    }
    grid = canvas.Grid(1, 1, 5.2, 0.36 * len(rows) + 0.3, left=3.0, right=0.3, top=0.7, bottom=0.6)
    figure, axes = grid.figure("Amplitude range of the head")
    panel = axes[0, 0]
    floor = 1e-2
    for at, (name, what) in enumerate(rows):
        low, high = subjects[name][what]
        left, right = max(low, floor), max(high, floor)
        panel.barh(at, right - left, left=left, color=colours[what], height=0.55)
        panel.text(right * 1.06, at, f"{low:.2g} to {high:.3g}", va="center", fontsize=canvas.SMALL)
    panel.axvline(1.0, color="#b4436c", lw=1, ls="--")
    panel.text(1.0, -0.75, "sigmoid ends", color="#b4436c", fontsize=canvas.SMALL, ha="center")
    top = max(subjects[name][what][1] for name, what in rows)
    panel.set(
        xscale="log",
        xlim=(floor, 10 ** (math.log10(max(top, 1.0)) + 0.7)),
        ylim=(len(rows) - 0.4, -1.1),
    )
    panel.set_yticks(
        range(len(rows)), [f"{canvas.plain(name)}: {labels[what]}" for name, what in rows]
    )
    panel.set_xlabel("amplitude over a0 (upstream: absolute)", fontsize=canvas.SMALL)
    panel.tick_params(labelsize=canvas.SMALL)
    return figure


def graph(boxes: list[tuple[str, str]]) -> Figure:
    """The order in which the network computes: one box a step, what enters it below."""
    width = 1.22
    figure = canvas.new_figure(width * len(boxes) + 0.3, 1.9, automatic=False)
    panel: Axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    panel.set(xlim=(-0.1, width * len(boxes)), ylim=(0, 1.9))
    panel.axis("off")
    for at, (step, enters) in enumerate(boxes):
        left = width * at
        panel.text(
            left + 0.57,
            1.25,
            step,
            ha="center",
            va="center",
            fontsize=canvas.SMALL + 0.5,
            bbox={"boxstyle": "round,pad=0.35", "fc": "#e8f0f8", "ec": "#0b5fa5"},
        )
        panel.text(
            left + 0.57,
            0.5,
            enters,
            ha="center",
            va="center",
            fontsize=canvas.SMALL - 0.5,
            color="0.3",
        )
        if at:
            panel.annotate(
                "",
                (left + 0.1, 1.25),
                (left - 0.12, 1.25),
                arrowprops={"arrowstyle": "->", "color": "0.4"},
            )
    return figure
