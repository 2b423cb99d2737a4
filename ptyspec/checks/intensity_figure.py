"""Stage waterfall of all subjects, and how far each step is from the ratio that it may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptyspec.checks.stage_chain import SPLITS, STAGES, STEPS, Means
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WRONG = "#c0392b"
STYLES = {"train": ("#8c8c8c", "s"), "test": (canvas.COLOURS["network"], "o")}

Steps = Mapping[str, Mapping[str, Mapping[str, Any]]]


def waterfall(stages: Mapping[str, Mapping[str, Means]], steps: Mapping[str, Steps]) -> Figure:
    """One row a subject: means by stage on the left, quotients by step on the right."""
    figure = canvas.new_figure(12.0, 0.8 + 3.1 * len(stages), "mean amplitude by stage")
    axes = figure.subplots(len(stages), 2, squeeze=False, width_ratios=(2, 1))
    for row, (name, means) in enumerate(stages.items()):
        _means(axes[row, 0], name, means, steps[name])
        _quotients(axes[row, 1], steps[name])
    return figure


def _means(axes: Axes, name: str, means: Mapping[str, Means], steps: Steps) -> None:
    places = list(range(len(STAGES)))
    for split in SPLITS:
        (colour, marker), known = STYLES[split], means[split]
        shown = [known[stage] or float("nan") for stage in STAGES]  # what is not there is a gap
        axes.plot(places, shown, color=colour, marker=marker, markersize=5, label=split, zorder=3)
    for at, value in enumerate(means["test"].values()):
        if value:
            axes.annotate(
                f"{value:.4g}",
                (at, value),
                xytext=(5, 6),
                textcoords="offset points",
                fontsize=canvas.SMALL,
            )
    for step, parts in steps.items():
        at = 1 + STEPS.index(step)  # the stage that the step leads to
        for split, row in parts.items():
            value, colour = means[split][STAGES[at]], "#444444" if row["kept"] else WRONG
            if value and row["quotient"]:
                axes.scatter([at], [value / row["quotient"]], s=140, fc="none", ec=colour, zorder=4)
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.3, high * 1.6)
    axes.set_xlim(-0.3, len(STAGES) - 0.4)
    axes.set_xticks(places, STAGES, fontsize=canvas.SMALL)
    axes.set_title(canvas.plain(name), fontsize=canvas.TEXT)
    axes.set_ylabel("mean amplitude", fontsize=canvas.SMALL)
    axes.tick_params(axis="y", which="both", labelsize=canvas.SMALL)
    axes.legend(fontsize=canvas.SMALL, frameon=False, loc="lower right")


def _quotients(axes: Axes, steps: Steps) -> None:
    rows = [(step, split, row) for step, parts in steps.items() for split, row in parts.items()]
    for at, (_, split, row) in enumerate(rows):
        axes.barh(at, 2 * row["limit"], left=1 - row["limit"], height=0.3, color="#d0d0d0")
        if row["quotient"]:
            colour, marker = STYLES[split]
            colour = colour if row["kept"] else WRONG
            axes.plot([row["quotient"]], [at], marker=marker, color=colour, zorder=3)
    axes.axvline(1.0, color="#444444", linestyle="--", linewidth=1, zorder=2)
    labels = [f"{step} ({split})" for step, split, _ in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=canvas.SMALL)
    axes.invert_yaxis()
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, 0.9), max(right, 1.1))
    axes.set_title("ratio / allowed ratio", fontsize=canvas.TEXT)
    axes.tick_params(axis="x", labelsize=canvas.SMALL)
