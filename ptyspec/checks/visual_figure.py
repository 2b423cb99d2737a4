"""The pictures that the inspection gate is about: estimates side by side, spectrum with its peaks, misfit by shift."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks.lattice_peaks import components, window_of
from ptyspec.checks.visual_facts import ITERATIVE, NETWORK, TRIVIAL, Seen
from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas
from ptyspec.render.views import align_phase, frame_of, place
from ptyspec.scores.frame import Frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = (NETWORK, TRIVIAL, ITERATIVE)
WIDTH = 2.9
"""Of a panel, inches."""
CENTRAL = 0.99
"""Part of the iterative control's values that the colours span."""
WRONG, RIGHT = "#c0392b", "#1b7f3b"


def gate(name: str, found: Seen) -> Figure:
    """Amplitude above phase for network, trivial estimate and iterative control; spectrum above misfit."""
    view = frame_of(found.estimates[ITERATIVE])
    images = {
        key: place(found.estimates[key].object, found.estimates[key].origin, view) for key in SHOWN
    }
    reference = images[ITERATIVE]
    images = {
        key: align_phase(image, reference) if _alike(image, reference) else image
        for key, image in images.items()
    }
    height = max(1.7, canvas.panel_size(view, WIDTH))
    grid = canvas.Grid(2, 4, WIDTH, height, left=0.7, across=1.35, down=0.8)
    figure, axes = grid.figure(f"{name}: inspection gate")
    amplitude, phase = np.abs(reference), np.angle(reference)
    limits = canvas.value_limits(amplitude, CENTRAL)
    bound = canvas.symmetric_limit(np.where(np.isfinite(amplitude), phase, np.nan))
    for at, key in enumerate(SHOWN):
        drawn = canvas.image_panel(
            axes[0][at], np.abs(images[key]), view, cmap="viridis", limits=limits, title=key
        )
        turned = canvas.image_panel(
            axes[1][at],
            np.angle(images[key]) + 0 * np.abs(images[key]),
            view,
            cmap="twilight",
            limits=(-bound, bound),
            title="",
        )
    canvas.colour_bar(axes[0][2], drawn, "amplitude", extend="both")
    canvas.colour_bar(axes[1][2], turned, "phase / rad", extend="both")
    axes[0][0].set_ylabel("amplitude", fontsize=canvas.SMALL)
    axes[1][0].set_ylabel("phase", fontsize=canvas.SMALL)
    _spectrum(axes[0][3], found.error, found.data["lattice"])
    _misfit(axes[1][3], found.data["place"])
    return figure


def _alike(image: Array, reference: Array) -> bool:
    both = np.isfinite(image) & np.isfinite(reference)
    return bool(both.any() and np.abs(image[both]).any())


def _spectrum(axes: Axes, error: Frame | None, found: Mapping[str, Any]) -> None:
    axes.set_title("spectrum of the error", fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.SMALL)
    if error is None:
        axes.text(
            0.5, 0.5, "nothing to see", ha="center", transform=axes.transAxes, fontsize=canvas.SMALL
        )
        return
    window = window_of(error.mask)
    image = error.rec - error.truth
    shown = (image - (image * window).sum() / window.sum()) * window
    power: Array = np.log10(np.abs(np.fft.fftshift(np.fft.fft2(shown))) ** 2 + 1e-30)
    axes.imshow(
        power,
        cmap="magma",
        extent=(-0.5, 0.5, 0.5, -0.5),
        vmin=float(np.median(power)),
        vmax=float(power.max()),
        aspect="equal",
    )
    for peak in found["peaks"].values():
        wanted = components(peak["period"], error.mask.shape)
        for sign in (1, -1):
            axes.plot(
                [sign * x for x, _ in wanted],
                [sign * y for _, y in wanted],
                "o",
                markersize=7,
                fillstyle="none",
                color="white",
                markeredgewidth=0.5,
            )
            if peak["frequency"]:
                colour = WRONG if (peak["excess"] or 0) > 0 else RIGHT
                axes.plot(
                    [sign * peak["frequency"][0]],
                    [sign * peak["frequency"][1]],
                    "o",
                    markersize=11,
                    fillstyle="none",
                    color=colour,
                    markeredgewidth=1.5,
                )
    reach = 1.25 * max(
        (
            max(map(abs, place))
            for peak in found["peaks"].values()
            for place in components(peak["period"], error.mask.shape)
        ),
        default=0.4,
    )
    axes.set_xlim(-min(reach, 0.5), min(reach, 0.5))
    axes.set_ylim(min(reach, 0.5), -min(reach, 0.5))
    axes.set_xlabel("1/px", fontsize=canvas.SMALL)


def _misfit(axes: Axes, found: Mapping[str, Any]) -> None:
    axes.set_title("misfit when moved", fontsize=canvas.TEXT)
    axes.tick_params(labelsize=canvas.SMALL)
    if found["by_data"] is None:
        axes.text(
            0.5,
            0.5,
            "a blank image has no place",
            ha="center",
            transform=axes.transAxes,
            fontsize=canvas.SMALL,
        )
        return
    for axis, colour in (("x", canvas.COLOURS["network"]), ("y", canvas.COLOURS["untrained"])):
        axes.plot(
            found["steps"],
            found[f"misfit_{axis}"],
            marker="o",
            markersize=4,
            color=colour,
            label=f"along {axis}",
        )
    axes.axvline(0, color="#444444", linestyle="--", linewidth=1)
    axes.set_xlabel("move / px", fontsize=canvas.SMALL)
    axes.set_ylabel("R factor", fontsize=canvas.SMALL)
    axes.legend(fontsize=canvas.SMALL, frameon=False)
