"""Stage waterfall of all subjects, and how far each step is from the ratio that it may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptyspec.checks.stage_chain import GROUPED, INPUT, OUTPUT, SPLITS, STAGES, TARGET, Means, Step
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LANDS = {GROUPED: "grouped", TARGET: "loss target", INPUT: "network input", OUTPUT: "prediction"}
"""The stage that each step leads to; it starts from the one before, in STAGES."""
WRONG = "#c0392b"
STYLES = {"train": ("#8c8c8c", "s"), "test": (canvas.COLOURS["network"], "o")}

Steps = Mapping[str, Mapping[str, Step]]


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
        colour, marker = STYLES[split]
        found = [(at, value) for at, stage in enumerate(STAGES) if (value := means[split][stage])]
        shown = [
            means[split][stage] or float("nan") for stage in STAGES
        ]  # a stage that is not there is a gap
        axes.plot(
            places,
            shown,
            color=colour,
            marker=marker,
            linewidth=1.4,
            markersize=5,
            label=split,
            zorder=3,
        )
        if split == "test":
            for at, value in found:
                axes.annotate(
                    f"{value:.4g}",
                    (at, value),
                    xytext=(5, 6),
                    textcoords="offset points",
                    fontsize=canvas.SMALL,
                )
    for step, parts in steps.items():
        for split, made in parts.items():
            at = STAGES.index(LANDS[step])
            value = means[split][STAGES[at]]
            if value and made.quotient:
                axes.plot(
                    [at],
                    [value / made.quotient],
                    marker="o",
                    markersize=12,
                    fillstyle="none",
                    linestyle="none",
                    color="#444444" if made.kept else WRONG,
                    zorder=4,
                )
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
    rows: list[tuple[str, str, Any]] = [
        (step, split, made) for step, parts in steps.items() for split, made in parts.items()
    ]
    for at, (_, split, made) in enumerate(rows):
        axes.plot(
            [1 - made.limit, 1 + made.limit],
            [at, at],
            color="#d0d0d0",
            linewidth=9,
            solid_capstyle="butt",
            zorder=1,
        )
        if made.quotient:
            axes.plot(
                [made.quotient],
                [at],
                marker=STYLES[split][1],
                color=WRONG if not made.kept else STYLES[split][0],
                zorder=3,
            )
    axes.axvline(1.0, color="#444444", linestyle="--", linewidth=1, zorder=2)
    axes.set_yticks(
        range(len(rows)), [f"{step} ({split})" for step, split, _ in rows], fontsize=canvas.SMALL
    )
    axes.invert_yaxis()
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, 0.9), max(right, 1.1))
    axes.set_title("ratio / allowed ratio", fontsize=canvas.TEXT)
    axes.tick_params(axis="x", labelsize=canvas.SMALL)
