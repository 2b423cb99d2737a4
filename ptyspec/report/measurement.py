"""Pictures of what was measured: where the probe went, what the detector saw, and the probe itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.render import canvas
from ptyspec.render.views import Frame, frame_of, place
from ptyspec.report.answer import frame_totals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 4
"""Patterns in the picture: from the darkest to the brightest frame."""


def coverage(scan: RawScan, reconstruction: Reconstruction) -> Figure:
    """Draw the summed illumination with the scan positions."""
    frame = frame_of(reconstruction)
    weight = place(reconstruction.coverage, reconstruction.origin, frame)
    covered = place(reconstruction.object, reconstruction.origin, frame)
    width = 6.8
    grid = canvas.Grid(1, 1, width, canvas.panel_size(frame, width), right=1.05)
    figure, [[axes]] = grid.figure("coverage and scan positions")
    shown = np.where(np.isfinite(covered), weight, np.nan)
    top = max(canvas.value_limits(shown)[1], 1e-6)
    part = float(np.isfinite(covered).mean())
    title = f"{scan.size} positions; {part:.0%} of this frame covered"
    drawn = canvas.image_panel(axes, shown, frame, cmap="cividis", limits=(0.0, top), title=title)
    canvas.colour_bar(axes, drawn, "Σ|P|² / max|P|²")
    look = {"s": 5, "color": "white", "edgecolors": "black", "linewidths": 0.3}
    axes.scatter(scan.xcoords, scan.ycoords, **look)
    axes.set(xlim=frame.extent[:2], ylim=frame.extent[2:])
    axes.set_xlabel("x / pixel", fontsize=canvas.SMALL)
    axes.set_ylabel("y / pixel", fontsize=canvas.SMALL)
    return figure


def diffraction(scan: RawScan) -> Figure:
    """Draw patterns from the darkest to the brightest (log counts), the probe, the mean pattern and the photons."""
    grid = canvas.Grid(2, SHOWN, 2.3, 2.3, left=0.5, right=0.65, across=0.85, down=0.5, top=0.65)
    title = f"measured patterns and probe ({scan.N} x {scan.N} pixels)"
    figure, (upper, lower) = grid.figure(title)
    totals = frame_totals(scan)
    picks = np.argsort(totals)[np.linspace(0, scan.size - 1, SHOWN).round().astype(int)]
    detector = Frame(-(scan.N // 2), -(scan.N // 2), scan.N, scan.N)
    for axes, pick in zip(upper, picks, strict=True):
        counts = np.square(scan.diff3d[pick].astype(np.float64) * scan.scale)
        _pattern(axes, scan, counts, detector, f"frame {pick}: {totals[pick]:.4g} photons")
    _probe(lower[:2], scan.probeGuess, detector)
    mean = np.zeros((scan.N, scan.N))
    for frame in scan.diff3d:  # one frame at a time: a scan may be larger than memory
        mean += np.square(frame, dtype=np.float64)
    mean *= scan.scale**2 / scan.size
    _pattern(lower[2], scan, mean, detector, f"mean of all {scan.size} frames")
    _photons(lower[3], totals)
    return figure


def _pattern(axes: Axes, scan: RawScan, counts: Array, frame: Frame, title: str) -> None:
    image = np.log10(1.0 + counts)
    if scan.mask is not None:
        image = np.where(scan.mask, image, np.nan)
    limits = (0.0, max(canvas.value_limits(image)[1], 1e-6))
    drawn = canvas.image_panel(axes, image, frame, cmap="inferno", limits=limits, title=title)
    canvas.colour_bar(axes, drawn, "log10(1 + counts)")


def _probe(panels: Sequence[Axes], probe: Array, frame: Frame) -> None:
    modulus = np.abs(probe)
    angle = np.where(modulus > 0.02 * modulus.max(), np.angle(probe), np.nan)
    title = f"probe |P|: mean {modulus.mean():.3f}, L2 {np.linalg.norm(probe):.2f}"
    views = (
        (modulus, "viridis", (0.0, float(modulus.max())), title, "|P|"),
        (angle, "twilight_shifted", (-np.pi, np.pi), "probe phase (|P| > 2 % of max)", "rad"),
    )
    for panel, (image, cmap, limits, name, unit) in zip(panels, views, strict=True):
        drawn = canvas.image_panel(panel, image, frame, cmap=cmap, limits=limits, title=name)
        canvas.colour_bar(panel, drawn, unit)


def _photons(axes: Axes, totals: Array) -> None:
    axes.hist(totals, bins=40, color="#9db7cc")
    axes.axvline(totals.mean(), color="#333333", linewidth=1)
    axes.set_title(f"frames by photons, mean {totals.mean():.4g}", fontsize=canvas.TEXT)
    axes.set_xlabel("photons", fontsize=canvas.SMALL)
    axes.tick_params(labelsize=canvas.SMALL)
    axes.xaxis.get_offset_text().set_fontsize(canvas.SMALL)
    axes.locator_params(axis="x", nbins=4)
