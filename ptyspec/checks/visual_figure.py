"""The pictures of the inspection gate: estimates side by side, spectrum of the error, misfit by shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks import visual_facts as facts
from ptyspec.checks.lattice_peaks import components, window_of
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.visual_facts import ITERATIVE, NETWORK, TRIVIAL
from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas
from ptyspec.render.views import align_phase, frame_of, place
from ptyspec.scores.frame import Frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 2.9
"""Of a panel, inches."""
CENTRAL = 0.99
"""Part of the iterative control's values that the colours span."""
WRONG, RIGHT = "#c0392b", "#1b7f3b"


def gates(subjects: Sequence[StageOutputs]) -> Figure:
    """Two rows a subject: amplitude above phase of the estimates, spectrum of the error above misfit by shift."""
    views = [frame_of(one.facts(facts.estimates)[ITERATIVE]) for one in subjects]
    height = max(1.7, *(canvas.panel_size(view, WIDTH) for view in views))
    grid = canvas.Grid(2 * len(subjects), 4, WIDTH, height, left=0.7, across=1.35, down=0.8)
    figure, axes = grid.figure("inspection gate")
    for row, one in enumerate(subjects):
        _estimates(axes[2 * row : 2 * row + 2], one)
        _spectrum(axes[2 * row][3], one.facts(facts.error), one.facts(facts.lattice)["peaks"])
        _misfit(axes[2 * row + 1][3], one.facts(facts.place))
    return figure


def _estimates(axes: Any, one: StageOutputs) -> None:
    estimates = one.facts(facts.estimates)
    view = frame_of(estimates[ITERATIVE])
    images = {
        name: place(estimates[name].object, estimates[name].origin, view)
        for name in (NETWORK, TRIVIAL, ITERATIVE)
    }
    reference = images[ITERATIVE]
    levels = canvas.value_limits(np.abs(reference), CENTRAL)
    bound = canvas.symmetric_limit(_phase(reference))
    for column, (name, image) in enumerate(images.items()):
        if np.abs(image[np.isfinite(image) & np.isfinite(reference)]).any():
            image = align_phase(image, reference)
        drawn = canvas.image_panel(
            axes[0][column], np.abs(image), view, cmap="viridis", limits=levels, title=name
        )
        turned = canvas.image_panel(
            axes[1][column], _phase(image), view, cmap="twilight", limits=(-bound, bound), title=""
        )
    canvas.colour_bar(axes[0][2], drawn, "amplitude", extend="both")
    canvas.colour_bar(axes[1][2], turned, "phase / rad", extend="both")
    axes[0][0].set_ylabel(f"{canvas.plain(one.name)}: amplitude", fontsize=canvas.SMALL)
    axes[1][0].set_ylabel("phase", fontsize=canvas.SMALL)


def _phase(image: Array) -> Array:
    return np.where(np.isfinite(image), np.angle(image), np.nan)


def _spectrum(axes: Axes, error: Frame | None, peaks: Mapping[str, Any]) -> None:
    axes.set_title("spectrum of the error, by 1/px", fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.SMALL)
    if error is None:
        return
    window, image = window_of(error.mask), error.rec - error.truth
    shown = (image - (image * window).sum() / window.sum()) * window
    power: Array = np.log10(np.abs(np.fft.fftshift(np.fft.fft2(shown))) ** 2 + 1e-30)
    extent = (-0.5, 0.5, 0.5, -0.5)
    axes.imshow(power, cmap="magma", extent=extent, vmin=float(np.median(power)), aspect="equal")
    for peak in peaks.values():
        colour = WRONG if (peak["excess"] or 0) > 0 else RIGHT
        _circles(axes, components(peak["period"], error.mask.shape), "white", 7)
        _circles(axes, [peak["frequency"]] if peak["frequency"] else [], colour, 11)


def _circles(axes: Axes, rates: Sequence[Sequence[float]], colour: str, size: int) -> None:
    """Mark components, each with its opposite."""
    both = np.array([(sign * x, sign * y) for x, y in rates for sign in (1, -1)]).reshape(-1, 2)
    axes.plot(*both.T, "o", markersize=size, fillstyle="none", color=colour, markeredgewidth=0.8)


def _misfit(axes: Axes, shifts: Mapping[str, Any]) -> None:
    for axis in "xy":
        axes.plot(shifts["steps"], shifts[f"misfit_{axis}"], marker="o", label=f"along {axis}")
    axes.axvline(0, color="#444444", linestyle="--", linewidth=1)
    axes.set_title("R factor of the frames when the object is moved")
    canvas.dress(axes, "move / px", legend=True)
