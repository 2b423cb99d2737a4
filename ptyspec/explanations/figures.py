"""Two pictures: the stage chain, and what the named factors do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.explanation import Explanation
from ptyspec.explanations.factors import Factorial
from ptyspec.explanations.plan import Outcome
from ptyspec.explanations.shares import combinations_of
from ptyspec.explanations.stages import Chain, Splice
from ptyspec.render import canvas
from ptyspec.render.text import number

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
    if found.chain is not None:
        made["stages"] = stage_figure(found, found.chain)
    if found.factorial is not None and found.factorial.shares is not None:
        made["factors"] = factor_figure(found, found.factorial)
    return made


def stage_figure(found: Explanation, chain: Chain) -> Figure:
    """Return the splices: a row a run, its stages by side; to the right the symptom's number and verdict."""
    rows = list(chain.splices.values())
    figure = canvas.new_figure(
        11, 0.42 * len(rows) + 1.9, f"GOOD's first stages in BAD: {found.question.symptom}"
    )
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    for at, splice in enumerate(rows):
        _row(left, at, splice, chain)
    from matplotlib.patches import Patch

    sides = [Patch(facecolor=GOOD, label="GOOD's stage"), Patch(facecolor=BAD, label="BAD's stage")]
    left.legend(
        handles=sides,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=2,
        frameon=False,
        fontsize=canvas.SMALL,
    )
    left.set_xlim(-0.5, len(STAGES) - 0.5)
    left.set_ylim(len(rows) - 0.5, -0.9)
    left.set_xticks(range(len(STAGES)), STAGES, fontsize=canvas.TEXT)
    left.xaxis.tick_top()
    left.set_yticks(range(len(rows)), [_name(splice) for splice in rows], fontsize=canvas.TEXT)
    left.tick_params(length=0)
    for side in left.spines.values():
        side.set_visible(False)
    _numbers(right, rows, found)
    right.set_ylim(left.get_ylim())
    return figure


def factor_figure(found: Explanation, made: Factorial) -> Figure:
    """Return every combination of the factors as a bar, and the share of each factor."""
    names = [factor.name for factor in made.factors]
    parts = combinations_of(names)
    figure = canvas.new_figure(
        11, 0.36 * len(parts) + 1.9, f"The factors of {found.question.symptom}"
    )
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    shown = [made.taken_over(part) for part in parts]
    outcomes = [found.outcomes.get(subset, Outcome.UNRESOLVED) for subset in shown]
    left.barh(
        range(len(parts)),
        [made.values[part] for part in parts],
        color=[COLOURS[one] for one in outcomes],
    )
    for at, part in enumerate(parts):
        left.text(
            made.values[part],
            at,
            f" {number(made.values[part])}",
            va="center",
            fontsize=canvas.SMALL,
        )
    words = [
        canvas.plain(" + ".join(part_names)) or "none"
        for part_names in (sorted(part) for part in parts)
    ]
    left.set_yticks(range(len(parts)), words, fontsize=canvas.SMALL)
    left.invert_yaxis()
    left.margins(x=0.15)
    _limit(left, found)
    left.set_xlabel(canvas.plain(found.question.path), fontsize=canvas.TEXT)
    left.tick_params(labelsize=canvas.SMALL)
    _shares(right, made, names)
    return figure


def _row(axes: Axes, at: int, splice: Splice, chain: Chain) -> None:
    from matplotlib.patches import FancyBboxPatch

    for place, stage in enumerate(STAGES):
        mine = place < splice.count
        box = FancyBboxPatch(
            (place - 0.4, at - 0.28),
            0.8,
            0.56,
            boxstyle="round,pad=0.02,rounding_size=0.08",
            facecolor=GOOD if mine else BAD,
            alpha=0.35 if splice.how == "same as BAD" else 0.9,
            linewidth=0,
        )
        axes.add_patch(box)
        if stage in chain.stages and place == splice.count - 1:
            box.set(linewidth=2.0, edgecolor="black")


def _name(splice: Splice) -> str:
    if splice.how in ("GOOD", "BAD"):
        return splice.how
    return f"GOOD until {STAGES[splice.count - 1]}"


def _numbers(axes: Axes, rows: list[Splice], found: Explanation) -> None:
    for at, splice in enumerate(rows):
        place = 0.0 if splice.number is None else splice.number
        axes.plot(place, at, MARKERS[splice.outcome], color=COLOURS[splice.outcome], markersize=9)
        said = (
            splice.outcome.value
            if splice.number is None
            else f"{splice.outcome.value} {number(splice.number)}"
        )
        axes.annotate(
            said,
            (place, at),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize=canvas.SMALL,
        )
    _limit(axes, found)
    axes.margins(x=0.35)
    axes.set_yticks([])
    axes.set_xlabel(canvas.plain(found.question.path), fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.SMALL)


def _limit(axes: Axes, found: Explanation) -> None:
    if found.question.limit is not None:
        axes.axvline(found.question.limit, color="black", linestyle="--", linewidth=1)


def _shares(axes: Axes, made: Factorial, names: list[str]) -> None:
    assert made.shares is not None  # asked by `figures`
    values = [made.shares.share[name] for name in names]
    axes.barh(
        range(len(names)),
        values,
        color=[COLOURS[Outcome.FAIL if value < 0 else Outcome.PASS] for value in values],
    )
    axes.axvline(0.0, color="black", linewidth=0.8)
    axes.set_yticks(
        range(len(names)), [canvas.plain(name) for name in names], fontsize=canvas.SMALL
    )
    axes.invert_yaxis()
    scale = "log of the number" if made.shares.scale == "log" else "number"
    axes.set_xlabel(f"share of the {scale} (Shapley)", fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.SMALL)
