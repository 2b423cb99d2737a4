"""Curves: training and Fourier ring correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.records import History
from ptyspec.render import canvas
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIM = "#444444"


def training(history: History) -> Figure:
    """Draw loss and validation loss an epoch (log scale where positive) above the learning rate."""
    figure = canvas.new_figure(8.5, 5.2, "training")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    epochs = [row.epoch for row in history.epochs]
    look = {"marker": "o", "markersize": 3}
    for name, colour in (("loss", "network"), ("val_loss", "untrained")):
        values = _numbers([row.metrics.get(name) for row in history.epochs])
        if np.isfinite(values).any():
            upper.plot(epochs, values, label=name, color=canvas.COLOURS[colour], **look)
    canvas.logarithmic(upper)
    if history.best_epoch in epochs:
        label = f"kept weights (epoch {history.best_epoch})"
        upper.axvline(history.best_epoch, color=DIM, linestyle=":", label=label)
    if (first := history.first_nan) is not None:
        label = f"first non-finite value: {first.metric}, epoch {first.epoch}"
        upper.axvline(first.epoch, color="#c0392b", label=label)
    lower.plot(epochs, [row.learning_rate for row in history.epochs], color=DIM, **look)
    lower.set_ylim(bottom=0)
    canvas.dress(upper, "", "loss", legend=True)
    canvas.dress(lower, "epoch", "learning rate")
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


def _numbers(values: Sequence[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], float)
