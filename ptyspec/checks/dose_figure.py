"""Stage means of both sides, and the factors that the raw means differ by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptyspec.checks.dose_facts import STAGES
from ptyspec.checks.stage_chain import SPLITS
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FACTORS = ("raw", "probe", "object", "shape", "unexplained")
MARKERS = {"train": "o", "test": "s"}
PALETTE = tuple(
    canvas.COLOURS[name] for name in ("network", "untrained", "iterative", "refined", "flat_start")
)


def chains(stages: Mapping[str, Any], beside: Mapping[str, Any], reference: str) -> Figure:
    """Left: mean by stage. Middle: the same over the raw mean. Right: factors of the raw ratio to the reference."""
    figure = canvas.new_figure(12.5, 3.6, "dose_experiments beside the scenario")
    panels = figure.subplots(1, 3)
    for relative, axes in enumerate(panels[:2]):
        for at, (name, means) in enumerate(stages.items()):
            for split in SPLITS:
                first = means[split]["raw"] if relative else 1.0
                shown = [means[split][stage] / first for stage in STAGES]
                axes.plot(
                    range(len(STAGES)),
                    shown,
                    color=PALETTE[at % len(PALETTE)],
                    marker=MARKERS[split],
                    markersize=5,
                    linestyle="-" if split == "train" else "--",
                    label=canvas.plain(f"{name}, {split}"),
                )
        _stages(axes, "mean amplitude / raw" if relative else "mean amplitude")
    panels[0].legend(fontsize=canvas.SMALL, frameon=False)
    _factors(panels[2], beside, reference)
    return figure


def _stages(axes: Axes, label: str) -> None:
    axes.set_yscale("log")
    axes.set_xticks(
        range(len(STAGES)), [stage.replace(" ", "\n") for stage in STAGES], fontsize=canvas.SMALL
    )
    axes.set_ylabel(label, fontsize=canvas.SMALL)
    axes.tick_params(axis="y", which="both", labelsize=canvas.SMALL)


def _factors(axes: Axes, beside: Mapping[str, Any], reference: str) -> None:
    width = 0.8 / max(1, 2 * len(beside))
    bars = [(name, split) for name in beside for split in SPLITS]
    for at, (name, split) in enumerate(bars):
        values = [beside[name]["explained"][split][key] or 1.0 for key in FACTORS]
        places = [place + (at - (len(bars) - 1) / 2) * width for place in range(len(FACTORS))]
        axes.bar(
            places,
            [value - 1 for value in values],
            width,
            bottom=1,
            color=PALETTE[(at // 2 + 1) % len(PALETTE)],
            alpha=1.0 if split == "train" else 0.5,
            label=canvas.plain(f"{name}, {split}"),
        )
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                f"{value:.3g}", (place, value), ha="center", va="bottom", fontsize=canvas.SMALL - 1
            )
    axes.set_yscale("log")
    axes.axhline(1.0, color="#444444", linewidth=1)
    axes.set_xticks(range(len(FACTORS)), FACTORS, fontsize=canvas.SMALL)
    axes.set_ylabel(canvas.plain(f"ratio to {reference}"), fontsize=canvas.SMALL)
    axes.tick_params(axis="y", which="both", labelsize=canvas.SMALL)
    if bars:
        axes.legend(fontsize=canvas.SMALL, frameon=False)
