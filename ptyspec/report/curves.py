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


def training(history: History) -> Figure:
    """Draw loss and validation loss an epoch (log scale where positive) above the learning rate."""
    from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator

    figure = canvas.new_figure(8.5, 5.2, "training")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    epochs = [row.epoch for row in history.epochs]
    for name, colour in (
        ("loss", canvas.COLOURS["network"]),
        ("val_loss", canvas.COLOURS["untrained"]),
    ):
        values = [np.nan if (v := row.metrics.get(name)) is None else v for row in history.epochs]
        if np.isfinite(values).any():
            label = "training" if name == "loss" else "validation (groups held back)"
            upper.plot(
                epochs, values, color=colour, marker="o", markersize=3, linewidth=1.5, label=label
            )
    if canvas.logarithmic(upper):
        upper.yaxis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(2.5, 1.0)))
    best = next((row for row in history.epochs if row.epoch == history.best_epoch), None)
    if best is not None:
        upper.axvline(
            best.epoch,
            color="#444444",
            linestyle=":",
            linewidth=1,
            label=f"kept weights (epoch {best.epoch})",
        )
    if history.first_nan is not None:
        where = (
            f"first non-finite value: {history.first_nan.metric}, epoch {history.first_nan.epoch}"
        )
        upper.axvline(history.first_nan.epoch, color="#c0392b", linewidth=1.5, label=where)
    lower.plot(
        epochs,
        [row.learning_rate for row in history.epochs],
        color="#444444",
        marker="o",
        markersize=2,
    )
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
    found = {}
    for name, block in blocks.items():
        rings = (block.get("frc") or block.get("half_set_frc") or {}).get("complex") or {}
        if rings.get("frequency"):
            found[name] = (
                _numbers(rings["frequency"]),
                _numbers(rings["curve"]),
                _numbers(rings["half_bit"]),
            )
    return found


def ring_correlation(curves: Mapping[str, Rings], truth: bool) -> Figure:
    """Draw the Fourier ring correlation of every estimator with the 0.5 line and the half-bit curve."""
    figure = canvas.new_figure(
        8.5, 4.6, f"Fourier ring correlation {'with the truth' if truth else 'of half data sets'}"
    )
    axes = figure.subplots()
    for name, (frequency, correlation, _) in reversed(list(curves.items())):
        first = name == "network"
        axes.plot(
            frequency,
            correlation,
            color=canvas.COLOURS.get(name, "#333333"),
            linewidth=2.4 if first else 1.5,
            label=scores.NAMES.get(name, name),
            zorder=3 if first else 2,
        )
    axes.axhline(0.5, color="#444444", linestyle="--", linewidth=1, label="0.5")
    frequency, _, half_bit = next(iter(curves.values()))
    axes.plot(
        frequency,
        half_bit,
        color="#444444",
        linestyle=":",
        linewidth=1.2,
        label="half-bit" if not truth else "half-bit (for half sets)",
    )
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
        if _is_field(name, stats)
    ]
    figure = canvas.new_figure(
        12.5, 1.6 + 0.32 * max(len(rows), 6), "what each stage did to the numbers"
    )
    left, right = figure.subplots(1, 2, width_ratios=(2.2, 1))
    heights = np.arange(len(rows))
    means = [stats.mean if stats.mean and stats.mean > 0 else np.nan for _, _, stats in rows]
    squares = [_rms(stats) or np.nan for _, _, stats in rows]
    left.hlines(heights, means, squares, color="#c9c9c9", linewidth=1)
    left.scatter(
        means, heights, color=canvas.COLOURS["network"], s=32, label="mean modulus", zorder=3
    )
    left.scatter(
        squares,
        heights,
        facecolors="none",
        s=44,
        zorder=3,
        edgecolors=canvas.COLOURS["untrained"],
        label="root mean square",
    )
    left.set_yticks(
        heights, [f"{stage.name}: {name}" for stage, name, _ in rows], fontsize=canvas.SMALL
    )
    left.set_xscale("log")
    left.xaxis.set_major_formatter("{x:g}")
    left.xaxis.set_minor_formatter(NullFormatter())
    left.margins(x=0.08)
    _annotate(left, rows)
    canvas.dress(left, "value (unit of the array)", "")
    if rows:
        left.invert_yaxis()
    left.legend(
        fontsize=canvas.TEXT, frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.09), ncols=2
    )
    places = np.arange(len(stages))
    right.barh(places, [stage.seconds for stage in stages], color="#9db7cc", height=0.65)
    for place, stage in zip(places, stages, strict=True):
        right.text(
            stage.seconds, place, f" {stage.seconds:.2f} s", va="center", fontsize=canvas.SMALL
        )
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
            text += "".join(
                f",  {words[key]} = {stage.numbers[key]:.4g}"
                for key in words
                if key in stage.numbers
            )
            seen.add(stage.name)
        axes.annotate(
            text,
            (1.01, height),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=canvas.SMALL,
        )


def _is_field(name: str, stats: ArrayStats) -> bool:
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
