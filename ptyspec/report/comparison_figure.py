"""Finished runs of one object in one figure: the truth, then a run a row, on one colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ptyspec.render.views import Frame, Views, align_phase, frame_of, has_no_phase, place
from ptyspec.report.comparison import DRAWN
from ptyspec.report.comparison_runs import Compared
from ptyspec.report.maps import side_by_side
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(runs: Sequence[Compared]) -> Figure:
    """Draw the first DRAWN runs beside the truth, or beside the first where no truth is known."""
    drawn = runs[:DRAWN]
    made = {one.name: one.run.reconstruction for one in drawn}
    frame = _around([frame_of(one) for one in made.values()])
    placed = {name: place(one.object, one.origin, frame) for name, one in made.items()}
    known = drawn[0].truth
    truth = None if known is None else place(known, (0, 0), frame)
    reference = placed[drawn[0].name] if truth is None else truth
    seen = Views(
        frame=frame,
        estimates={name: align_phase(image, reference) for name, image in placed.items()},
        truth=truth,
        blocks={one.name: scores.blocks(one.run.metrics)["network"] for one in drawn},
        zero_phase=truth is not None and has_no_phase(truth),
        results=tuple(made),
    )
    return side_by_side(seen, "runs side by side, no rescaling")


def _around(frames: Sequence[Frame]) -> Frame:
    """The smallest frame that holds all of these."""
    left, top = min(frame.x0 for frame in frames), min(frame.y0 for frame in frames)
    right = max(frame.x0 + frame.width for frame in frames)
    bottom = max(frame.y0 + frame.height for frame in frames)
    return Frame(left, top, right - left, bottom - top)
