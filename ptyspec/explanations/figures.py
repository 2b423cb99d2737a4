"""Two pictures: the stage chain, and what the named factors do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.explanation import Explanation, SharesRow, SpliceRow
from ptyspec.explanations.plan import Outcome
from ptyspec.render import canvas
from ptyspec.render.table import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GOOD, BAD = "#0b5fa5", "#d98b00"
COLOURS = {Outcome.PASS: "#1b7f3b", Outcome.FAIL: "#b3261e", Outcome.UNRESOLVED: canvas.GREY}
MARKERS = {Outcome.PASS: "o", Outcome.FAIL: "X", Outcome.UNRESOLVED: "s"}
"""Shape says it as well as colour."""


def figures(found: Explanation) -> Mapping[str, Figure]:
    """Return the figures that this explanation has."""
    made = {}
    if found.stages.splices:
        made["stages"] = _stages(found)
    if found.shares is not None and found.shares.scale is not None:
        made["factors"] = _factors(found, found.shares)
    return made


def _stages(found: Explanation) -> Figure:
    """Draw the splices: a row a run, its stages by side; to the right the symptom's number and verdict."""
    from matplotlib.patches import Patch

    rows = found.stages.splices
    title = f"GOOD's first stages in BAD: {found.symptom}"
    figure = canvas.new_figure(11, 0.42 * len(rows) + 1.9, title)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    for at, splice in enumerate(rows):
        _row(left, at, splice, found.stages.stages)
    left.legend(
        handles=[Patch(color=GOOD, label="GOOD's stage"), Patch(color=BAD, label="BAD's stage")],
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=2,
        frameon=False,
        fontsize=canvas.SMALL,
    )
    left.set(xlim=(-0.5, len(STAGES) - 0.5), ylim=(len(rows) - 0.5, -0.9))
    left.set_xticks(range(len(STAGES)), STAGES, fontsize=canvas.TEXT)
    left.xaxis.tick_top()
    names = [one.sides().partition(",")[0] for one in rows]
    left.set_yticks(range(len(rows)), names, fontsize=canvas.TEXT)
    left.tick_params(length=0)
    left.spines[:].set_visible(False)
    for at, splice in enumerate(rows):
        place = splice.number or 0.0
        colour = COLOURS[splice.outcome]
        right.plot(place, at, MARKERS[splice.outcome], color=colour, markersize=9)
        number = "" if splice.number is None else f" {show(splice.number)}"
        _note(right, f"{splice.outcome.value}{number}", place, at)
    _limit(right, found)
    right.margins(x=0.35)
    right.set(yticks=[], ylim=left.get_ylim())
    return figure


def _row(axes: Axes, at: int, splice: SpliceRow, flips: tuple[str, ...]) -> None:
    from matplotlib.patches import FancyBboxPatch

    count = len(splice.good_stages)
    for place, stage in enumerate(STAGES):
        box = FancyBboxPatch(
            (place - 0.4, at - 0.28),
            0.8,
            0.56,
            boxstyle="round,pad=0.02,rounding_size=0.08",
            facecolor=GOOD if place < count else BAD,
            alpha=0.35 if splice.how == "same as BAD" else 0.9,
            linewidth=0,
        )
        axes.add_patch(box)
        if stage in flips and place == count - 1:
            box.set(linewidth=2.0, edgecolor="black")


def _factors(found: Explanation, shares: SharesRow) -> Figure:
    """Draw every combination of the factors as a bar, and the share of each factor."""
    title = f"The factors of {found.symptom}"
    figure = canvas.new_figure(11, 0.36 * len(shares.runs) + 1.9, title)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    outcomes = []
    for run in shares.runs:
        known = found.known.get(shares.taken_over(run))
        outcomes.append(Outcome.UNRESOLVED if known is None else known.outcome)
    names = [" + ".join(run.factors) or "none" for run in shares.runs]
    _bars(left, names, [run.number for run in shares.runs], outcomes)
    for at, run in enumerate(shares.runs):
        _note(left, show(run.number), run.number, at)
    left.margins(x=0.15)
    _limit(left, found)
    values = [shares.share[one.name] for one in shares.factors]
    signs = [Outcome.FAIL if value < 0 else Outcome.PASS for value in values]
    _bars(right, [one.name for one in shares.factors], values, signs)
    right.axvline(0.0, color="black", linewidth=0.8)
    scale = "log of the number" if shares.scale == "log" else "number"
    right.set_xlabel(f"share of the {scale} (Shapley)", fontsize=canvas.TEXT)
    return figure


def _bars(axes: Axes, names: list[str], values: list[float], outcomes: list[Outcome]) -> None:
    places = range(len(names))
    axes.barh(places, values, color=[COLOURS[one] for one in outcomes])
    axes.set_yticks(places, [canvas.plain(name) for name in names])
    axes.tick_params(labelsize=canvas.SMALL)
    axes.invert_yaxis()


def _note(axes: Axes, text: str, x: float, y: float) -> None:
    axes.annotate(
        text, (x, y), xytext=(9, 0), textcoords="offset points", va="center", fontsize=canvas.SMALL
    )


def _limit(axes: Axes, found: Explanation) -> None:
    if found.limit is not None:
        axes.axvline(found.limit, color="black", linestyle="--", linewidth=1)
    axes.set_xlabel(canvas.plain(found.number), fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.SMALL)
