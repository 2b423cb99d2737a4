"""Trainings beside each other, and effects with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptyspec.checks.paired import METRICS, SHARE, UNDERSHOOT
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = tuple(canvas.COLOURS.values())


def trainings(
    runs: Mapping[str, Mapping[str, Any]], rates: Mapping[str, Mapping[str, Any]]
) -> Figure:
    """Monitor above learning rate; the declared schedule is a dashed line under the recorded points."""
    figure = canvas.new_figure(8.5, 5.2, "training")
    upper, lower = figure.subplots(2, 1, sharex=True)
    for place, (name, facts) in enumerate(runs.items()):
        colour, epochs = COLOURS[place % len(COLOURS)], range(1, facts["epochs"] + 1)
        values = [math.nan if value is None else value for value in facts["monitors"]]
        upper.plot(
            epochs,
            values,
            color=colour,
            marker="o",
            markersize=3,
            label=f"{name}: {facts['monitor']}",
        )
        upper.axvline(facts["kept"], color=colour, linestyle=":", linewidth=1)
        declared = rates[name]["declared"]
        lower.plot(range(1, len(declared) + 1), declared, color=colour, linestyle="--", linewidth=1)
        lower.plot(
            epochs,
            rates[name]["recorded"],
            color=colour,
            marker="o",
            markersize=3,
            linestyle="none",
        )
    _dress(upper, "", "monitor (dotted: kept epoch)")
    _dress(lower, "epoch", "learning rate (dashed: declared)")
    lower.xaxis.get_major_locator().set_params(integer=True)
    upper.legend(fontsize=canvas.TEXT, frameon=False)
    return figure


def effects(experiments: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Factor on the least-squares scalar with its interval, a row an experiment; shaded: half the undershoot and more."""
    figure = canvas.new_figure(
        8.5, 1.3 + 0.42 * len(experiments), "effect on the least-squares scalar, second / first"
    )
    axes = figure.subplots()
    edge, names = UNDERSHOOT**SHARE, list(experiments)
    for row, name in enumerate(names):
        found = experiments[name]["effect"][METRICS[0]]
        axes.plot(
            [found["low"], found["high"]],
            [row, row],
            color=COLOURS[0],
            linewidth=3,
            solid_capstyle="butt",
        )
        axes.plot(found["mean"], row, "o", color=COLOURS[0], markersize=6)
        for pair in experiments[name]["pairs"]:
            axes.plot(
                pair["second"][METRICS[0]] / pair["first"][METRICS[0]],
                row,
                "|",
                color="black",
                markersize=10,
            )
    axes.set_xscale("log")
    axes.axvline(1.0, color="#444444", linewidth=1)
    low = min(
        [1 / UNDERSHOOT, *(made["effect"][METRICS[0]]["low"] for made in experiments.values())]
    )
    high = max([UNDERSHOOT, *(made["effect"][METRICS[0]]["high"] for made in experiments.values())])
    axes.set_xlim(low / 1.05, high * 1.05)
    for span in ((low / 1.05, 1 / edge), (edge, high * 1.05)):
        axes.axvspan(*span, color=canvas.GREY, alpha=0.4, linewidth=0)
    ticks = (0.6, 0.8, 1.0, 1.25, 1.6)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_yticks(range(len(names)), [canvas.plain(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    _dress(
        axes, "factor (bar: 95 % interval; strokes: pairs; grey: would explain the undershoot)", ""
    )
    return figure


def _dress(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across, fontsize=canvas.TEXT)
    axes.set_ylabel(up, fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.TEXT)
    axes.grid(alpha=0.25)
