"""Finished runs in one figure: a column a run, reconstructions and errors above, ring correlation and training below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas
from ptyspec.render.views import Frame, align_phase, frame_of, has_no_phase, place
from ptyspec.report.comparison import DRAWN
from ptyspec.report.comparison_runs import Compared
from ptyspec.report.curves import ring_curves
from ptyspec.report.maps import AMPLITUDE_UNIT, ERROR_MAP, PHASE_UNIT
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

COLOURS = ("#0b5fa5", "#d98b00", "#1b7f3b", "#b4436c", "#6a3d9a", "#4d4d4d")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
"""A dash of its own for each run: read without colours too."""
WIDTH = 3.0
KEYS = ("mean_ratio", "amplitude_r", "highpass_r", "agreement_amplitude")
Limits = tuple[float, float]


@dataclass(frozen=True)
class Column:
    """One run, or the truth: its object (NaN where uncovered) and what it is compared with on the same pixels."""

    title: str
    frame: Frame
    image: Array
    reference: Array | None
    against: str


@dataclass(frozen=True)
class Row:
    """One quantity: its panel and title for each column (None: nothing to show), its colours and their limits."""

    label: str
    cmap: str
    images: Sequence[Array | None]
    titles: Sequence[str]
    limits: Sequence[Limits]
    shared: Limits


def figure(runs: Sequence[Compared], one_object: bool) -> Figure:
    """Draw the first DRAWN runs: amplitude, error and, where the object has one, phase; ring correlation and training.

    One colour scale a row where the object is one; a scale a panel where the objects differ.
    """
    drawn = list(runs[:DRAWN])
    shown = columns(drawn, one_object)
    rows = rows_of(shown)
    tall = len(rows) * (max(canvas.panel_size(one.frame, WIDTH) for one in shown) + 0.7)
    wide = max(1.2 + len(shown) * (WIDTH + 0.5), 8.0)
    whole = canvas.new_figure(wide, tall + 4.0, "runs side by side, no rescaling")
    parts: Any = whole.subfigures(2, 1, height_ratios=(tall, 3.6))
    upper, lower = parts
    _draw(upper, shown, rows, one_object=one_object)
    left, right = lower.subplots(1, 2)
    for one, colour, dash in zip(drawn, COLOURS, LINES, strict=False):
        look = {"color": colour, "linestyle": dash, "linewidth": 1.6}
        rings = ring_curves(scores.blocks(one.run.metrics)).get("network")
        if rings is not None:
            left.plot(rings[0], rings[1], label=canvas.plain(one.name), **look)
        history = one.run.history
        if history is not None and history.epochs:
            known = ((row.epoch, row.metrics.get(history.monitor)) for row in history.epochs)
            points = [(epoch, value) for epoch, value in known if value is not None]
            label = canvas.plain(f"{one.name}, {history.monitor}")
            right.plot(*np.array(points).reshape(-1, 2).T, label=label, **look)
    left.axhline(0.5, color="#444444", linestyle=":", linewidth=1)
    left.set(xlim=(0, 1), title="Fourier ring correlation")
    canvas.dress(left, "spatial frequency / Nyquist", "ring correlation", legend=True)
    canvas.logarithmic(right)
    right.set(title="training")
    canvas.dress(right, "epoch", "monitored loss", legend=True)
    return whole


def columns(runs: Sequence[Compared], one_object: bool) -> list[Column]:
    """Return the truth first where all share it; each run beside its truth, or beside the first run where none is known."""
    frames = [frame_of(one.run.reconstruction) for one in runs]
    shared, first = _around(frames), runs[0]
    shown: list[Column] = []
    for one, own in zip(runs, frames, strict=True):
        frame, made = shared if one_object else own, one.run.reconstruction
        image, reference, against = place(made.object, made.origin, frame), None, ""
        if one.truth is not None:
            reference, against = place(one.truth, (0, 0), frame), "truth"
        elif one_object and one is not first:
            other = first.run.reconstruction
            reference, against = place(other.object, other.origin, frame), first.name
        if one_object and not shown and against == "truth" and reference is not None:
            shown.append(Column("truth", frame, reference, None, ""))
        scored = scores.title_scores(scores.blocks(one.run.metrics)["network"], *KEYS)
        image = image if reference is None else align_phase(image, reference)
        shown.append(Column(f"{one.name}\n{scored}", frame, image, reference, against))
    return shown


def rows_of(shown: Sequence[Column]) -> list[Row]:
    """Return amplitude, error, and the phase where an object has one; the reference alone sets shared limits."""
    known = [_known(one) for one in shown]
    leader = next((at for at, one in enumerate(shown) if one.reference is not None), 0)
    rows = [_amplitude(shown, known, leader), _error(shown)]
    compared = (one.image if one.reference is None else one.reference for one in shown)
    if any(not has_no_phase(image) for image in compared):
        rows.append(_phase(shown, known, leader))
    return rows


def _known(one: Column) -> Array:
    """The reference on the pixels that the run covers; without one the run itself."""
    if one.reference is None:
        return one.image
    return np.where(np.isfinite(one.image), one.reference, np.nan)


def _amplitude(shown: Sequence[Column], known: Sequence[Array], leader: int) -> Row:
    limits = [canvas.value_limits(np.abs(image)) for image in known]
    images, titles = [np.abs(one.image) for one in shown], [one.title for one in shown]
    return Row(AMPLITUDE_UNIT, "viridis", images, titles, limits, limits[leader])


def _error(shown: Sequence[Column]) -> Row:
    images = [
        None if one.reference is None else np.abs(one.image) - np.abs(one.reference)
        for one in shown
    ]
    far = [1e-6 if image is None else canvas.symmetric_limit(image) for image in images]
    titles = [
        "" if image is None else f"minus {one.against}: rms {canvas.rms(image):.3g}"
        for one, image in zip(shown, images, strict=True)
    ]
    limits = [(-top, top) for top in far]
    # The largest error's scale: it shows which run is the worse one.
    return Row("Δ " + AMPLITUDE_UNIT, ERROR_MAP, images, titles, limits, (-max(far), max(far)))


def _phase(shown: Sequence[Column], known: Sequence[Array], leader: int) -> Row:
    """Phases around the mean phase of what each is compared with."""
    images, limits = [], []
    for one, reference in zip(shown, known, strict=True):
        values = reference[np.isfinite(reference)]
        turn = np.exp(-1j * np.angle(values.sum())) if values.size else 1.0
        top = max(canvas.symmetric_limit(np.angle(reference * turn)), 0.05)
        images.append(np.angle(one.image * turn))
        limits.append((-top, top))
    return Row(PHASE_UNIT, "magma", images, [""] * len(shown), limits, limits[leader])


def _around(frames: Sequence[Frame]) -> Frame:
    """The smallest frame that holds all of these."""
    left, top = min(frame.x0 for frame in frames), min(frame.y0 for frame in frames)
    right = max(frame.x0 + frame.width for frame in frames)
    bottom = max(frame.y0 + frame.height for frame in frames)
    return Frame(left, top, right - left, bottom - top)


def _draw(
    part: SubFigure, shown: Sequence[Column], rows: Sequence[Row], *, one_object: bool
) -> None:
    """Draw all panels; a colour bar a row, or one a panel where the objects differ."""
    grid = part.subplots(len(rows), len(shown), squeeze=False)
    for axes, row in zip(grid, rows, strict=True):
        seen: Any = None
        panels = zip(axes, shown, row.images, row.titles, row.limits, strict=True)
        for axis, one, image, title, own in panels:
            if image is None:
                axis.set_axis_off()
                continue
            limits, frame = row.shared if one_object else own, one.frame
            seen = canvas.image_panel(axis, image, frame, cmap=row.cmap, limits=limits, title=title)
            if not one_object:
                part.colorbar(seen, ax=axis, label=row.label, extend="both")
        if one_object and seen is not None:
            part.colorbar(seen, ax=list(axes), label=row.label, extend="both")
