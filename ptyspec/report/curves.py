"""Curves: training, Fourier ring correlation, and what each stage did to the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.records import ArrayStats, History, StageRecord
from ptyspec.render import canvas
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DIM = "#444444"


def training(history: History) -> Figure:
    """Draw loss and validation loss an epoch (log scale where positive) above the learning rate."""
    from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator

    figure = canvas.new_figure(8.5, 5.2, "training")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    epochs = [row.epoch for row in history.epochs]
    lines = (
        ("loss", "network", "training"),
        ("val_loss", "untrained", "validation (groups held back)"),
    )
    for name, colour, label in lines:
        values = _numbers([row.metrics.get(name) for row in history.epochs])
        if np.isfinite(values).any():
            look = {"color": canvas.COLOURS[colour], "marker": "o", "markersize": 3}
            upper.plot(epochs, values, linewidth=1.5, label=label, **look)
    if canvas.logarithmic(upper):
        upper.yaxis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(2.5, 1.0)))
    if history.best_epoch in epochs:
        label = f"kept weights (epoch {history.best_epoch})"
        upper.axvline(history.best_epoch, color=DIM, linestyle=":", linewidth=1, label=label)
    if history.first_nan is not None:
        first = history.first_nan
        where = f"first non-finite value: {first.metric}, epoch {first.epoch}"
        upper.axvline(first.epoch, color="#c0392b", linewidth=1.5, label=where)
    rates = [row.learning_rate for row in history.epochs]
    lower.plot(epochs, rates, color=DIM, marker="o", markersize=2)
    lower.set_ylim(bottom=0)
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    canvas.dress(upper, "", "loss")
    canvas.dress(lower, "epoch", "learning rate")
    upper.legend(fontsize=canvas.TEXT, frameon=False)
    return figure


Rings = tuple[Array, Array, Array]
"""Spatial frequency (part of Nyquist), correlation, half-bit threshold."""


def ring_curves(blocks: Mapping[str, Mapping[str, Any]]) -> dict[str, Rings]:
    """Return the ring correlation of the complex object for every estimator that has one."""
    curves = {}
    for name, block in blocks.items():
        rings = (block.get("frc") or block.get("half_set_frc") or {}).get("complex") or {}
        if rings.get("frequency"):
            frequency, curve, half_bit = (
                _numbers(rings[key]) for key in ("frequency", "curve", "half_bit")
            )
            curves[name] = (frequency, curve, half_bit)
    return curves


def ring_correlation(curves: Mapping[str, Rings], truth: bool) -> Figure:
    """Draw the Fourier ring correlation of every estimator with the 0.5 line and the half-bit curve."""
    what = "with the truth" if truth else "of half data sets"
    figure = canvas.new_figure(8.5, 4.6, f"Fourier ring correlation {what}")
    axes = figure.subplots()
    for name, (frequency, correlation, _) in reversed(list(curves.items())):
        first = name == "network"
        label, colour = scores.NAMES.get(name, name), canvas.COLOURS.get(name, "#333333")
        wide, order = (2.4, 3) if first else (1.5, 2)
        axes.plot(frequency, correlation, label=label, zorder=order, color=colour, linewidth=wide)
    axes.axhline(0.5, color=DIM, linestyle="--", linewidth=1, label="0.5")
    frequency, _, half_bit = next(iter(curves.values()))
    label = "half-bit" if not truth else "half-bit (for half sets)"
    axes.plot(frequency, half_bit, color=DIM, linestyle=":", linewidth=1.2, label=label)
    canvas.dress(axes, "spatial frequency / Nyquist", "correlation")
    axes.set(xlim=(0, 1), ylim=(min(-0.1, axes.get_ylim()[0]), 1.05))
    figure.legend(fontsize=canvas.TEXT, frameon=False, loc="outside right upper")
    return figure


def waterfall(stages: Sequence[StageRecord]) -> Figure:
    """Draw mean and rms of every recorded array in stage order, with gain and scales, beside the seconds spent."""
    from matplotlib.ticker import NullFormatter

    rows = [
        (stage, name, stats)
        for stage in stages
        for name, stats in stage.arrays.items()
        if is_field(name, stats)
    ]
    tall = 1.6 + 0.32 * max(len(rows), 6)
    figure = canvas.new_figure(12.5, tall, "what each stage did to the numbers")
    left, right = figure.subplots(1, 2, width_ratios=(2.2, 1))
    heights = np.arange(len(rows))
    means = [stats.mean if stats.mean and stats.mean > 0 else np.nan for _, _, stats in rows]
    squares = [_rms(stats) or np.nan for _, _, stats in rows]
    left.hlines(heights, means, squares, color="#c9c9c9", linewidth=1)
    colour, other = canvas.COLOURS["network"], canvas.COLOURS["untrained"]
    left.scatter(means, heights, color=colour, s=32, label="mean modulus", zorder=3)
    hollow = {"facecolors": "none", "edgecolors": other, "label": "root mean square"}
    left.scatter(squares, heights, s=44, zorder=3, **hollow)
    names = [f"{stage.name}: {name}" for stage, name, _ in rows]
    left.set_yticks(heights, names, fontsize=canvas.SMALL)
    left.set_xscale("log")
    left.xaxis.set_major_formatter("{x:g}")
    left.xaxis.set_minor_formatter(NullFormatter())
    left.margins(x=0.08)
    _annotate(left, rows)
    canvas.dress(left, "value (unit of the array)", "")
    if rows:
        left.invert_yaxis()
    above = {"loc": "upper center", "bbox_to_anchor": (0.5, 1.09), "ncols": 2}
    left.legend(fontsize=canvas.TEXT, frameon=False, **above)
    places = np.arange(len(stages))
    right.barh(places, [stage.seconds for stage in stages], color="#9db7cc", height=0.65)
    for place, stage in zip(places, stages, strict=True):
        spent = f" {stage.seconds:.2f} s"
        right.text(stage.seconds, place, spent, va="center", fontsize=canvas.SMALL)
    right.set_yticks(places, [stage.name for stage in stages], fontsize=canvas.SMALL)
    right.margins(x=0.22)
    right.invert_yaxis()
    canvas.dress(right, "seconds", "")
    return figure


def _annotate(axes: Axes, rows: Sequence[tuple[StageRecord, str, ArrayStats]]) -> None:
    """Write each mean at the right, and gain, scale and a0 once, beside the first array of the stage that has them."""
    words = {"gain": "gain g", "scale": "scale s", "a0": "a0"}
    seen: set[str] = set()
    for height, (stage, _, stats) in enumerate(rows):
        text = f"{stats.mean:.4g}"
        if stage.name not in seen:
            told = (
                f",  {words[key]} = {stage.numbers[key]:.4g}"
                for key in words
                if key in stage.numbers
            )
            text += "".join(told)
            seen.add(stage.name)
        place, where = (1.01, height), ("axes fraction", "data")
        axes.annotate(text, place, xycoords=where, va="center", fontsize=canvas.SMALL)


def is_field(name: str, stats: ArrayStats) -> bool:
    """Tell fields and amplitudes from indices, positions and weights, whose mean says nothing about the scale."""
    floating = stats.dtype.startswith(("float", "complex"))
    return floating and "coords" not in name and name != "coverage" and _rms(stats) is not None


def _rms(stats: ArrayStats) -> float | None:
    count = int(np.prod(stats.shape)) - stats.nan_count
    if stats.energy is None or stats.energy <= 0 or count <= 0:
        return None
    return float(np.sqrt(stats.energy / count))


def _numbers(values: Sequence[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], float)
