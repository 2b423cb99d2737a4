"""Pictures of what was measured: patterns, mask, places and probe; of a scan by itself, and of one that was used."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.physics.probes import as_modes, mode_powers
from ptyspec.physics.scale import probe_modulus
from ptyspec.physics.scan_facts import ScanFacts
from ptyspec.pipeline.mend import find_dead, find_hot, find_strange
from ptyspec.render import canvas
from ptyspec.render.canvas import Frame
from ptyspec.report.sections import frame_totals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTIONS = {
    "scan_patterns": "Mean and largest counts of each pixel, the pattern of the probe alone, and the mask.",
    "scan_places": "Where each frame was taken, and how much it counted.",
    "scan_probe": "The probe, a mode a row.",
}
FOUND = {"masked by ptyspec": "#e07b00", "hot or dead, kept": "#d1495b"}
"""Rings around pixels that were found, and their colour."""
MODES = 4
"""Modes of a probe that are drawn."""


def drawers(facts: ScanFacts) -> "dict[str, Callable[[], Figure]]":
    """Return what draws each picture of a scan, narrow enough to be read on a phone."""
    return {
        "scan_patterns": lambda: patterns(facts),
        "scan_places": lambda: places(facts),
        "scan_probe": lambda: probe(facts.scan),
    }


def _panels(rows: int, title: str) -> "tuple[Figure, Any]":
    """Two square panels a row, with room for a colour bar below each."""
    around = {"left": 0.15, "right": 0.15, "top": 0.65, "bottom": 0.65, "across": 0.3, "down": 0.9}
    figure, axes = canvas.Grid(rows, 2, 2.1, 2.1, **around).figure(title)
    for one in axes.flat:
        one.set(xticks=[], yticks=[])
    return figure, axes


def _detector(scan: RawScan) -> Frame:
    return Frame(-(scan.N // 2), -(scan.N // 2), scan.N, scan.N)


def patterns(facts: ScanFacts) -> "Figure":
    """Draw mean and largest counts, the pattern of the probe, and the mask with the pixels that were found."""
    scan, known = facts.scan, facts.seen
    figure, ((mean, most), (light, mask)) = _panels(2, f"{scan.size} patterns")
    frame, top = _detector(scan), canvas.value_limits(np.log10(1.0 + facts.most[known]))[1]
    pattern(mean, facts.mean, known, frame, "mean counts", below=True)
    pattern(most, facts.most, known, frame, "largest counts", below=True, top=top)
    pattern(light, facts.model, None, frame, "pattern of the probe, |F(P)|²", below=True)
    title = f"mask: {facts.hidden.mean():.2%} of all pixels"
    top = float(facts.hidden.max()) or 1.0
    how: Any = {"cmap": "Greys", "limits": (0.0, top), "title": title}
    drawn = canvas.image_panel(mask, facts.hidden, frame, **how)
    canvas.colour_bar(mask, drawn, "part of the frames masked", below=True)
    mended = np.array(scan.metadata.get("decisions", {}).get("hot_pixels", []), int).reshape(-1, 2)
    kept = np.argwhere(find_hot(facts) | find_dead(facts))
    for (name, colour), spots in zip(FOUND.items(), (mended, kept), strict=True):
        if len(spots):
            rows, columns = spots.T + np.array([[frame.y0], [frame.x0]])
            look: Any = {"s": 30, "facecolors": "none", "edgecolors": colour, "linewidths": 1.2}
            mask.scatter(columns, rows, label=f"{len(spots)} {name}", **look)
            mask.legend(fontsize=canvas.SMALL - 1, loc="upper left", framealpha=0.8)
    return figure


def places(facts: ScanFacts) -> "Figure":
    """Draw the positions coloured by the counts of their frames, with rings around frames out of family."""
    scan = facts.scan
    figure, [[axes]] = canvas.Grid(1, 1, 3.3, 3.3, left=0.5, top=0.35, right=1.0).figure("")
    low, high = canvas.value_limits(facts.counts, 0.98)
    look: Any = {"s": float(np.clip(2e4 / scan.size, 1, 40)), "cmap": "viridis", "vmin": low}
    drawn = axes.scatter(scan.xcoords, scan.ycoords, c=facts.counts, vmax=high, **look)
    strange = find_strange(facts)
    ring: Any = {"s": 60, "facecolors": "none", "edgecolors": FOUND["hot or dead, kept"]}
    axes.scatter(scan.xcoords[strange], scan.ycoords[strange], **ring)
    said = f", {strange.size} out of family (ringed)" if strange.size else ""
    axes.set_title(f"{scan.size} frames, {len(facts.places)} places{said}", fontsize=canvas.TEXT)
    axes.set_aspect("equal", adjustable="datalim")
    axes.invert_yaxis()  # rows run downwards
    axes.tick_params(labelsize=canvas.SMALL)
    axes.set_ylabel("y / pixel", fontsize=canvas.SMALL)
    axes.set_xlabel("x / pixel", fontsize=canvas.SMALL)
    canvas.colour_bar(axes, drawn, "counts of a frame", extend="both")
    return figure


def probe(scan: RawScan) -> "Figure":
    """Draw amplitude and phase of each mode."""
    modes, powers = as_modes(scan.probeGuess), mode_powers(scan.probeGuess)
    count = min(len(modes), MODES)
    more = f", the first {count}" if len(modes) > count else ""
    title = f"probe of {len(modes)} modes{more}" if len(modes) > 1 else "probe"
    figure, axes = _panels(count, title)
    for row, mode, power in zip(axes, modes, powers, strict=False):
        share = f" ({power:.0%} of the power)" if len(modes) > 1 else ""
        _amplitude_phase(row, mode, _detector(scan), f"|P|{share}", below=True)
    return figure


SHOWN = 4  # patterns: from the darkest to the brightest frame


def diffraction(scan: RawScan) -> "Figure":
    """Draw patterns from the darkest to the brightest (log counts), the probe, the mean pattern and the photons."""
    grid = canvas.Grid(2, SHOWN, 2.3, 2.3, left=0.5, right=0.65, across=0.85, down=0.5, top=0.65)
    title = f"measured patterns and probe ({scan.N} x {scan.N} pixels)"
    figure, (upper, lower) = grid.figure(title)
    totals = frame_totals(scan)
    picks = np.argsort(totals)[np.linspace(0, scan.size - 1, SHOWN).round().astype(int)]
    detector = Frame(-(scan.N // 2), -(scan.N // 2), scan.N, scan.N)
    for axes, pick in zip(upper, picks, strict=True):
        counts = np.square(scan.diff3d[pick].astype(np.float64) * scan.scale)
        pattern(
            axes, counts, scan.known_pixels, detector, f"frame {pick}: {totals[pick]:.4g} photons"
        )
    _probe(lower[:2], scan.probeGuess, detector)
    mean = np.zeros((scan.N, scan.N))
    for frame in scan.diff3d:  # one frame at a time: a scan may be larger than memory
        mean += np.square(frame, dtype=np.float64)
    mean *= scan.scale**2 / scan.size
    pattern(lower[2], mean, scan.known_pixels, detector, f"mean of all {scan.size} frames")
    axes = lower[3]
    axes.hist(totals, bins=40, color="#9db7cc")
    axes.axvline(totals.mean(), color="#333333", linewidth=1)
    axes.set_title(f"frames by photons, mean {totals.mean():.4g}", fontsize=canvas.TEXT)
    axes.set_xlabel("photons", fontsize=canvas.SMALL)
    axes.tick_params(labelsize=canvas.SMALL)
    axes.xaxis.get_offset_text().set_fontsize(canvas.SMALL)
    axes.locator_params(axis="x", nbins=4)
    return figure


def pattern(
    axes: "Axes",
    counts: Array,
    known: Array | None,
    frame: Frame,
    title: str,
    *,
    below: bool = False,
    top: float = 0.0,
) -> None:
    """Show counts on a logarithmic scale, grey where nothing was measured."""
    image = np.log10(1.0 + counts)
    if known is not None:
        image = np.where(known, image, np.nan)
    limits = (0.0, max(top or canvas.value_limits(image)[1], 1e-6))
    drawn = canvas.image_panel(axes, image, frame, cmap="inferno", limits=limits, title=title)
    canvas.colour_bar(axes, drawn, "log10(1 + counts)", below=below)


def _probe(panels: "Sequence[Axes]", light: Array, frame: Frame) -> None:
    """Modulus over all modes, and the phase of the first."""
    modulus, powers = probe_modulus(light), mode_powers(light)
    title = f"probe |P|: mean {modulus.mean():.3f}, L2 {np.linalg.norm(light):.2f}"
    if len(powers) > 1:
        title += f", {len(powers)} modes ({' '.join(f'{power:.0%}' for power in powers)})"
    wave = modulus * np.exp(1j * np.angle(as_modes(light)[0]))
    _amplitude_phase(panels, wave, frame, title)


def _amplitude_phase(
    panels: "Sequence[Axes]", wave: Array, frame: Frame, title: str, *, below: bool = False
) -> None:
    modulus = np.abs(wave)
    angle = np.where(modulus > 0.02 * modulus.max(), np.angle(wave), np.nan)
    views = (
        (modulus, "viridis", (0.0, float(modulus.max())), title, "|P|"),
        (angle, "twilight_shifted", (-np.pi, np.pi), "phase (|P| > 2 % of max)", "rad"),
    )
    for panel, (image, cmap, limits, name, unit) in zip(panels, views, strict=True):
        drawn = canvas.image_panel(panel, image, frame, cmap=cmap, limits=limits, title=name)
        canvas.colour_bar(panel, drawn, unit, below=below)
