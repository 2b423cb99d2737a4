"""Reconstructions of several runs side by side: a column a run, a row a quantity, one colour scale a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas
from ptyspec.render.views import Frame, align_phase, frame_of, has_no_phase, place
from ptyspec.report.comparison_runs import Compared
from ptyspec.report.maps import AMPLITUDE_UNIT, ERROR_MAP, PHASE_UNIT
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

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
    images: tuple[Array | None, ...]
    titles: tuple[str, ...]
    limits: tuple[Limits, ...]
    shared: Limits


def columns(runs: Sequence[Compared], one_object: bool) -> list[Column]:
    """Return the truth first where all share it; each run beside its truth, or beside the first run where none is known."""
    frames = [frame_of(one.run.reconstruction) for one in runs]
    shared, first = _around(frames), runs[0]
    found: list[Column] = []
    for one, own in zip(runs, frames, strict=True):
        frame = shared if one_object else own
        made = place(one.run.reconstruction.object, one.run.reconstruction.origin, frame)
        reference, against = None, ""
        if one.truth is not None:
            reference, against = place(one.truth, (0, 0), frame), "truth"
        elif one_object and one is not first:
            reference = place(
                first.run.reconstruction.object, first.run.reconstruction.origin, frame
            )
            against = first.name
        if one_object and not found and one.truth is not None and reference is not None:
            found.append(Column("truth", frame, reference, None, ""))
        title = (
            f"{one.name}\n{scores.title_scores(scores.blocks(one.run.metrics)['network'], *KEYS)}"
        )
        image = made if reference is None else align_phase(made, reference)
        found.append(Column(title, frame, image, reference, against))
    return found


def rows_of(shown: Sequence[Column]) -> list[Row]:
    """Return amplitude, error, and the phase where an object has one; the reference alone sets shared limits."""
    rows = [_amplitude(shown), _error(shown)]
    with_phase = any(
        not has_no_phase(one.image if one.reference is None else one.reference) for one in shown
    )
    return [*rows, _phase(shown)] if with_phase else rows


def _known(one: Column) -> Array:
    """The reference on the pixels that the run covers; without one the run itself."""
    return (
        one.image
        if one.reference is None
        else np.where(np.isfinite(one.image), one.reference, np.nan)
    )


def _shared(shown: Sequence[Column]) -> Column:
    return next((one for one in shown if one.reference is not None), shown[0])


def _amplitude(shown: Sequence[Column]) -> Row:
    limits = tuple(canvas.value_limits(np.abs(_known(one))) for one in shown)
    images = tuple(np.abs(one.image) for one in shown)
    titles = tuple(one.title for one in shown)
    return Row(
        AMPLITUDE_UNIT,
        "viridis",
        images,
        titles,
        limits,
        canvas.value_limits(np.abs(_known(_shared(shown)))),
    )


def _error(shown: Sequence[Column]) -> Row:
    images = tuple(
        None if one.reference is None else np.abs(one.image) - np.abs(one.reference)
        for one in shown
    )
    far = [1e-6 if image is None else canvas.symmetric_limit(image) for image in images]
    titles = tuple(
        "" if image is None else f"minus {one.against}: rms {_rms(image):.3g}"
        for one, image in zip(shown, images, strict=True)
    )
    limits = tuple((-top, top) for top in far)
    # The largest error's scale: it shows which run is the worse one.
    return Row("Δ " + AMPLITUDE_UNIT, ERROR_MAP, images, titles, limits, (-max(far), max(far)))


def _phase(shown: Sequence[Column]) -> Row:
    """Phases around the mean phase of what each is compared with."""
    images, limits = [], []
    for one in shown:
        known = _known(one)
        values = known[np.isfinite(known)]
        turn = np.exp(-1j * np.angle(values.sum())) if values.size else 1.0
        top = max(canvas.symmetric_limit(np.angle(known * turn)), 0.05)
        images.append(np.angle(one.image * turn))
        limits.append((-top, top))
    at = list(shown).index(_shared(shown))
    return Row(PHASE_UNIT, "magma", tuple(images), ("",) * len(shown), tuple(limits), limits[at])


def _rms(error: Array) -> float:
    values = error[np.isfinite(error)]
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


def _around(frames: Sequence[Frame]) -> Frame:
    """The smallest frame that holds all of these."""
    left, top = min(frame.x0 for frame in frames), min(frame.y0 for frame in frames)
    right, bottom = (
        max(frame.x0 + frame.width for frame in frames),
        max(frame.y0 + frame.height for frame in frames),
    )
    return Frame(left, top, right - left, bottom - top)


def draw(
    part: SubFigure, shown: Sequence[Column], rows: Sequence[Row], *, one_object: bool
) -> None:
    """Draw all panels; a colour bar a row, or one a panel where the objects differ."""
    grid = part.subplots(len(rows), len(shown), squeeze=False)
    for axes, row in zip(grid, rows, strict=True):
        seen = None
        for axis, one, image, title, own in zip(
            axes, shown, row.images, row.titles, row.limits, strict=True
        ):
            if image is None:
                axis.set_axis_off()
                continue
            limits = row.shared if one_object else own
            seen = canvas.image_panel(
                axis, image, one.frame, cmap=row.cmap, limits=limits, title=title
            )
            if not one_object:
                part.colorbar(seen, ax=axis, label=row.label, extend="both")
        if one_object and seen is not None:
            part.colorbar(seen, ax=list(axes), label=row.label, extend="both")
