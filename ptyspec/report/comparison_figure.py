"""Finished runs in one figure: reconstructions and errors above, ring correlation and training below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.report import canvas, scores
from ptyspec.report.comparison import DRAWN
from ptyspec.report.comparison_runs import Compared
from ptyspec.report.curves import ring_curves
from ptyspec.report.maps import AMPLITUDE_UNIT, ERROR_MAP
from ptyspec.report.views import Frame, frame_of, place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

COLOURS = ("#0b5fa5", "#d98b00", "#1b7f3b", "#b4436c", "#6a3d9a", "#4d4d4d")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
"""A dash of its own for each run: read without colours too."""
WIDTH = 3.0
KEYS = ("mean_ratio", "amplitude_r", "highpass_r", "agreement_amplitude")


@dataclass(frozen=True)
class Shown:
    """What one column shows: amplitude, the difference to `against`, and where both lie in the object."""

    title: str
    frame: Frame
    amplitude: Array
    error: Array | None
    against: str
    unlike: Array
    """The reference's amplitude, which sets the colours."""


def figure(runs: Sequence[Compared], document: Mapping[str, Any]) -> Figure:
    """Draw the first DRAWN runs; one colour scale for all amplitudes and one for all errors where the object is one."""
    drawn = list(runs[:DRAWN])
    columns = _columns(drawn, document["same_object"])
    tall = max(canvas.panel_size(one.frame, WIDTH) for one in columns)
    whole = canvas.new_figure(
        max(1.2 + len(columns) * (WIDTH + 0.5), 8.0), 2 * tall + 5.4, "runs side by side, no rescaling"
    )
    parts: Any = whole.subfigures(2, 1, height_ratios=(2 * tall + 1.4, 3.6))
    upper, lower = parts
    _maps(upper, columns, document["same_object"])
    left, right = lower.subplots(1, 2)
    _rings(left, drawn)
    _histories(right, drawn)
    return whole


def _columns(runs: Sequence[Compared], one_object: bool) -> list[Shown]:
    """The truth first where all share it; each run beside its truth, or beside the first run where none is known."""
    frames = [frame_of(one.run.reconstruction) for one in runs]
    shared = _around(frames)
    found: list[Shown] = []
    for one, own in zip(runs, frames, strict=True):
        frame = shared if one_object else own
        made = place(one.run.reconstruction.object, one.run.reconstruction.origin, frame)
        reference, against = _reference(one, runs[0], frame, one_object)
        level = np.abs(made) if reference is None else np.where(np.isfinite(made), np.abs(reference), np.nan)
        if one_object and not found and one.truth is not None:
            whole = np.abs(place(one.truth, (0, 0), frame))
            found.append(Shown("truth", frame, whole, None, "", whole))
        error = None if reference is None else np.abs(made) - np.abs(reference)
        title = f"{one.name}\n{scores.title_scores(scores.blocks(one.run.metrics)['network'], *KEYS)}"
        found.append(Shown(title, frame, np.abs(made), error, against, level))
    return found


def _reference(one: Compared, first: Compared, frame: Frame, one_object: bool) -> tuple[Array | None, str]:
    if one.truth is not None:
        return place(one.truth, (0, 0), frame), "truth"
    if one_object and one is not first:
        return place(first.run.reconstruction.object, first.run.reconstruction.origin, frame), first.name
    return None, ""


def _around(frames: Sequence[Frame]) -> Frame:
    """The smallest frame that holds all of these."""
    left, top = min(frame.x0 for frame in frames), min(frame.y0 for frame in frames)
    right, bottom = max(frame.x0 + frame.width for frame in frames), max(frame.y0 + frame.height for frame in frames)
    return Frame(left, top, right - left, bottom - top)


def _maps(part: SubFigure, columns: Sequence[Shown], one_object: bool) -> None:
    rows = part.subplots(2, len(columns), squeeze=False)
    shared = [column for column in columns if column.error is not None] or list(columns)
    limits, top = canvas.value_limits(shared[0].unlike), _largest_error(shared)
    for place_, (column, upper, lower) in enumerate(zip(columns, *rows, strict=True)):
        own = limits if one_object else canvas.value_limits(column.unlike)
        seen = canvas.image_panel(upper, column.amplitude, column.frame, cmap="viridis", limits=own, title=column.title)
        last = place_ == len(columns) - 1
        if last or not one_object:
            part.colorbar(seen, ax=upper if not one_object else list(rows[0]), label=AMPLITUDE_UNIT, extend="both")
        if column.error is None:
            lower.set_axis_off()
            continue
        far = top if one_object else canvas.symmetric_limit(column.error)
        title = f"minus {column.against}: rms {_rms(column.error):.3g}"
        seen = canvas.image_panel(lower, column.error, column.frame, cmap=ERROR_MAP, limits=(-far, far), title=title)
        if last or not one_object:
            part.colorbar(
                seen, ax=lower if not one_object else list(rows[1]), label="Δ " + AMPLITUDE_UNIT, extend="both"
            )


def _largest_error(columns: Sequence[Shown]) -> float:
    """One scale for all errors: the smallest run's would hide nothing, the largest one's shows which run is worse."""
    return max((canvas.symmetric_limit(one.error) for one in columns if one.error is not None), default=1.0)


def _rms(error: Array) -> float:
    values = error[np.isfinite(error)]
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


def _rings(axes: Axes, runs: Sequence[Compared]) -> None:
    for one, colour, line in zip(runs, COLOURS, LINES, strict=False):
        found = ring_curves(scores.blocks(one.run.metrics)).get("network")
        if found is not None:
            axes.plot(found[0], found[1], color=colour, linestyle=line, linewidth=1.6, label=canvas.plain(one.name))
    axes.axhline(0.5, color="#444444", linestyle=":", linewidth=1)
    axes.set(
        xlim=(0, 1), xlabel="spatial frequency / Nyquist", ylabel="ring correlation", title="Fourier ring correlation"
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
        axes.plot(*np.array(points).reshape(-1, 2).T, color=colour, linestyle=line, linewidth=1.6, label=label)
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
