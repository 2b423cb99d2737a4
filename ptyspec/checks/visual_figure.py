"""The pictures that the inspection gate is about: estimates side by side, spectrum with its peaks, misfit by shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks import visual_facts as facts
from ptyspec.checks.lattice_peaks import components, window_of
from ptyspec.checks.material import Material
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


def gates(subjects: Sequence[Material]) -> Figure:
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


def _estimates(axes: Any, one: Material) -> None:
    made = one.facts(facts.estimates)
    view = frame_of(made[ITERATIVE])
    reference = place(made[ITERATIVE].object, made[ITERATIVE].origin, view)
    amplitude, phase = np.abs(reference), np.angle(reference)
    limits = canvas.value_limits(amplitude, CENTRAL)
    bound = canvas.symmetric_limit(np.where(np.isfinite(amplitude), phase, np.nan))
    for at, key in enumerate((NETWORK, TRIVIAL, ITERATIVE)):
        image = place(made[key].object, made[key].origin, view)
        image = align_phase(image, reference) if _alike(image, reference) else image
        shown, turn = np.abs(image), np.angle(image) + 0 * np.abs(image)
        drawn = canvas.image_panel(
            axes[0][at], shown, view, cmap="viridis", limits=limits, title=key
        )
        turned = canvas.image_panel(
            axes[1][at], turn, view, cmap="twilight", limits=(-bound, bound), title=""
        )
    canvas.colour_bar(axes[0][2], drawn, "amplitude", extend="both")
    canvas.colour_bar(axes[1][2], turned, "phase / rad", extend="both")
    axes[0][0].set_ylabel(f"{canvas.plain(one.name)}: amplitude", fontsize=canvas.SMALL)
    axes[1][0].set_ylabel("phase", fontsize=canvas.SMALL)


def _alike(image: Array, reference: Array) -> bool:
    both = np.isfinite(image) & np.isfinite(reference)
    return bool(both.any() and np.abs(image[both]).any())


def _nothing(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", transform=axes.transAxes, fontsize=canvas.SMALL)


def _spectrum(axes: Axes, error: Frame | None, peaks: Mapping[str, Any]) -> None:
    axes.set_title("spectrum of the error", fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.SMALL)
    if error is None:
        _nothing(axes, "nothing to see")
        return
    window, image = window_of(error.mask), error.rec - error.truth
    shown = (image - (image * window).sum() / window.sum()) * window
    power: Array = np.log10(np.abs(np.fft.fftshift(np.fft.fft2(shown))) ** 2 + 1e-30)
    extent = (-0.5, 0.5, 0.5, -0.5)
    axes.imshow(power, cmap="magma", extent=extent, vmin=float(np.median(power)), aspect="equal")
    reach = 0.4
    for peak in peaks.values():
        wanted = components(peak["period"], error.mask.shape)
        reach = max([reach, *(1.25 * abs(rate) for pair in wanted for rate in pair)])
        colour = WRONG if (peak["excess"] or 0) > 0 else RIGHT
        _circles(axes, wanted, "white", 7)
        _circles(axes, [peak["frequency"]] if peak["frequency"] else [], colour, 11)
    reach = min(reach, 0.5)
    axes.set(xlim=(-reach, reach), ylim=(reach, -reach))
    axes.set_xlabel("1/px", fontsize=canvas.SMALL)


def _circles(axes: Axes, rates: Sequence[Sequence[float]], colour: str, size: int) -> None:
    """Mark components, each with its opposite."""
    both = np.array([(sign * x, sign * y) for x, y in rates for sign in (1, -1)]).reshape(-1, 2)
    axes.plot(*both.T, "o", markersize=size, fillstyle="none", color=colour, markeredgewidth=0.8)


def _misfit(axes: Axes, found: Mapping[str, Any]) -> None:
    axes.set_title("misfit when moved", fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.SMALL)
    if found["by_data"] is None:
        _nothing(axes, "a blank image has no place")
        return
    for axis, colour in (("x", canvas.COLOURS["network"]), ("y", canvas.COLOURS["untrained"])):
        values, label = found[f"misfit_{axis}"], f"along {axis}"
        axes.plot(found["steps"], values, marker="o", markersize=4, color=colour, label=label)
    axes.axvline(0, color="#444444", linestyle="--", linewidth=1)
    axes.set_xlabel("move / px", fontsize=canvas.SMALL)
    axes.set_ylabel("R factor", fontsize=canvas.SMALL)
    axes.legend(fontsize=canvas.SMALL, frameon=False)
