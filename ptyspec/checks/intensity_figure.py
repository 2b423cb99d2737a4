"""Stage waterfall of all subjects, and how far each step is from the ratio that it may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptyspec.checks.stage_chain import SPLITS, STEPS, Means
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
        _means(axes[row, 0], means, steps[name])
        axes[row, 0].set_title(canvas.plain(name), fontsize=canvas.TEXT)
        _quotients(axes[row, 1], steps[name])
    return figure


def _means(axes: Axes, means: Mapping[str, Means], steps: Steps) -> None:
    names = list(means["test"])
    for split in SPLITS:
        colour, marker = STYLES[split]
        values = [means[split][name] or float("nan") for name in names]  # a gap where there is none
        axes.plot(values, color=colour, marker=marker, markersize=5, label=split, zorder=3)
    for step, parts in steps.items():
        place = 1 + STEPS.index(step)  # the stage that the step leads to
        for split, row in parts.items():
            value = means[split][names[place]]
            if value and row["quotient"]:
                colour, allowed = "#444444" if row["kept"] else WRONG, value / row["quotient"]
                axes.scatter([place], [allowed], s=140, fc="none", ec=colour, zorder=4)
    axes.set_yscale("log")
    axes.set_xticks(range(len(names)), names)
    canvas.dress(axes, "", "mean amplitude", legend=True)


def _quotients(axes: Axes, steps: Steps) -> None:
    rows = [(step, split, row) for step, parts in steps.items() for split, row in parts.items()]
    for place, (_, split, row) in enumerate(rows):
        axes.barh(place, 2 * row["limit"], left=1 - row["limit"], height=0.3, color="#d0d0d0")
        if row["quotient"]:
            colour, marker = STYLES[split]
            colour = colour if row["kept"] else WRONG
            axes.plot([row["quotient"]], [place], marker=marker, color=colour, zorder=3)
    axes.axvline(1.0, color="#444444", linestyle="--", linewidth=1, zorder=2)
    axes.set_yticks(range(len(rows)), [f"{step} ({split})" for step, split, _ in rows])
    axes.invert_yaxis()
    canvas.dress(axes, "ratio / allowed ratio")
