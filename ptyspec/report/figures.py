"""All pictures of a run: curves, what was measured, and the files they go to; report.maps draws the object."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.contracts.records import History
from ptyspec.contracts.run import RunResult
from ptyspec.physics.probes import as_modes, mode_powers
from ptyspec.physics.scale import probe_modulus
from ptyspec.pipeline.protocol import Progress
from ptyspec.render import canvas
from ptyspec.render.canvas import Frame, frame_of, place, views
from ptyspec.report import maps
from ptyspec.report.sections import frame_totals
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AMPLITUDE_KEYS = ("mean_ratio", "amplitude_r", "highpass_r", "ssim", "agreement_amplitude")


def write_figures(
    folder: Path, result: RunResult, progress: Progress | None = None
) -> dict[str, Path]:
    """Write the pictures of a finished run as PNG into `folder` (created if absent) and return them by name.

    Names: amplitude, phase, controls, training, frc, coverage, diffraction; a picture for which the run
    has no content (no training, no ring correlation) is left out. Colour scales come from the truth, or from the
    iterative reference where there is none. A picture that cannot be drawn is a text file NAME.txt with the reason
    (REPORTING-ARTIFACT-BOUNDARY-001); what the system refuses to write is an error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    watcher = progress or Progress()
    written: dict[str, Path] = {}
    missed: dict[str, list[str]] = {}
    wanted = drawers(result)
    for number, (name, draw) in enumerate(wanted.items(), start=1):
        written[name], why = _drawn(draw, folder / f"{name}.png")
        if why:
            missed.setdefault(why, []).append(name)
        watcher.step(number, len(wanted), name)
    for why, names in missed.items():  # without matplotlib all have one reason
        watcher.message(f"could not be drawn: {', '.join(names)}; {why}")
    return written


def _drawn(draw: "Callable[[], Figure]", path: Path) -> tuple[Path, str]:
    missing = path.with_suffix(".txt")
    saved, why = canvas.attempt(lambda: canvas.save(draw(), path))
    if saved:
        missing.unlink(missing_ok=True)  # what an earlier attempt left
        return saved, ""
    missing.write_text(f"{why}\n", encoding="utf-8")
    return missing, why


def drawers(result: RunResult) -> "dict[str, Callable[[], Figure]]":
    """Return what draws each picture that this run has content for."""
    seen, history = views(result), result.history
    phases = () if seen.zero_phase else ("phase_r", "agreement_phase")
    found: dict[str, Callable[[], Figure]] = {
        "amplitude": lambda: maps.compared(seen, maps.amplitude(seen), AMPLITUDE_KEYS),
        "phase": lambda: maps.compared(seen, maps.phase(seen), phases),
        "controls": lambda: maps.side_by_side(seen),
        "coverage": lambda: coverage(result.scan, result.reconstruction),
        "diffraction": lambda: diffraction(result.scan),
    }
    if history is not None and history.epochs:
        found["training"] = lambda: training(history)
    rings = ring_curves(seen.blocks)
    if rings:
        found["frc"] = lambda: ring_correlation(rings, seen.truth is not None)
    return found


DIM = "#444444"


def training(history: History) -> "Figure":
    """Draw loss and validation loss an epoch (log scale where positive) above the learning rate."""
    figure = canvas.new_figure(8.5, 5.2, "training")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    epochs = [row.epoch for row in history.epochs]
    look = {"marker": "o", "markersize": 3}
    drawn = [np.nan]
    for name, colour in (("loss", "network"), ("val_loss", "untrained")):
        values = _numbers([row.metrics.get(name) for row in history.epochs])
        if np.isfinite(values).any():
            upper.plot(epochs, values, label=name, color=canvas.COLOURS[colour], **look)
            drawn += [*values]
    if np.isfinite(drawn).any() and np.nanmin(drawn) > 0:
        upper.set_yscale("log")
    if history.best_epoch in epochs:
        label = f"kept weights (epoch {history.best_epoch})"
        upper.axvline(history.best_epoch, color=DIM, linestyle=":", label=label)
    if (first := history.first_nan) is not None:
        label = f"first non-finite value: {first.metric}, epoch {first.epoch}"
        upper.axvline(first.epoch, color="#c0392b", label=label)
    lower.plot(epochs, [row.learning_rate for row in history.epochs], color=DIM, **look)
    lower.set_ylim(bottom=0)
    canvas.dress(upper, "", "loss", legend=True)
    canvas.dress(lower, "epoch", "learning rate")
    return figure


Rings = tuple[Array, Array, Array]
"""Spatial frequency (part of Nyquist), correlation, half-bit threshold."""


def ring_curves(blocks: Mapping[str, Mapping[str, Any]]) -> dict[str, Rings]:
    """Return the ring correlation of the complex object for every estimator that has one."""
    curves = {}
    for name, block in blocks.items():
        rings = (block.get("frc") or block.get("half_set_frc") or {}).get("complex") or {}
        if rings.get("frequency"):
            frequency, curve = _numbers(rings["frequency"]), _numbers(rings["curve"])
            curves[name] = (frequency, curve, _numbers(rings["half_bit"]))
    return curves


def ring_correlation(curves: Mapping[str, Rings], truth: bool) -> "Figure":
    """Draw the Fourier ring correlation of every estimator with the 0.5 line and the half-bit curve."""
    what = "with the truth" if truth else "of half data sets"
    figure = canvas.new_figure(8.5, 4.6, f"Fourier ring correlation {what}")
    axes = figure.subplots()
    for name, (frequency, correlation, _) in reversed(list(curves.items())):
        first = name == "network"
        label, colour = scores.NAMES.get(name, name), canvas.COLOURS.get(name, "#333333")
        wide, order = (2.4, 3) if first else (1.5, 2)
        axes.plot(frequency, correlation, label=label, zorder=order, color=colour, linewidth=wide)
    axes.axhline(0.5, color=DIM, linestyle="--", linewidth=1, label="0.5")
    frequency, _, half_bit = next(iter(curves.values()))
    label = "half-bit" if not truth else "half-bit (for half sets)"
    axes.plot(frequency, half_bit, color=DIM, linestyle=":", linewidth=1.2, label=label)
    canvas.dress(axes, "spatial frequency / Nyquist", "correlation")
    axes.set(xlim=(0, 1), ylim=(min(-0.1, axes.get_ylim()[0]), 1.05))
    figure.legend(fontsize=canvas.TEXT, frameon=False, loc="outside right upper")
    return figure


def _numbers(values: Sequence[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], float)


SHOWN = 4  # patterns: from the darkest to the brightest frame


def coverage(scan: RawScan, reconstruction: Reconstruction) -> "Figure":
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
        _pattern(axes, scan, counts, detector, f"frame {pick}: {totals[pick]:.4g} photons")
    _probe(lower[:2], scan.probeGuess, detector)
    mean = np.zeros((scan.N, scan.N))
    for frame in scan.diff3d:  # one frame at a time: a scan may be larger than memory
        mean += np.square(frame, dtype=np.float64)
    mean *= scan.scale**2 / scan.size
    _pattern(lower[2], scan, mean, detector, f"mean of all {scan.size} frames")
    axes = lower[3]
    axes.hist(totals, bins=40, color="#9db7cc")
    axes.axvline(totals.mean(), color="#333333", linewidth=1)
    axes.set_title(f"frames by photons, mean {totals.mean():.4g}", fontsize=canvas.TEXT)
    axes.set_xlabel("photons", fontsize=canvas.SMALL)
    axes.tick_params(labelsize=canvas.SMALL)
    axes.xaxis.get_offset_text().set_fontsize(canvas.SMALL)
    axes.locator_params(axis="x", nbins=4)
    return figure


def _pattern(axes: "Axes", scan: RawScan, counts: Array, frame: Frame, title: str) -> None:
    image = np.log10(1.0 + counts)
    if scan.known_pixels is not None:
        image = np.where(scan.known_pixels, image, np.nan)
    limits = (0.0, max(canvas.value_limits(image)[1], 1e-6))
    drawn = canvas.image_panel(axes, image, frame, cmap="inferno", limits=limits, title=title)
    canvas.colour_bar(axes, drawn, "log10(1 + counts)")


def _probe(panels: "Sequence[Axes]", probe: Array, frame: Frame) -> None:
    modulus, powers = probe_modulus(probe), mode_powers(probe)
    angle = np.where(modulus > 0.02 * modulus.max(), np.angle(as_modes(probe)[0]), np.nan)
    title = f"probe |P|: mean {modulus.mean():.3f}, L2 {np.linalg.norm(probe):.2f}"
    if len(powers) > 1:
        title += f", {len(powers)} modes ({' '.join(f'{power:.0%}' for power in powers)})"
    views = (
        (modulus, "viridis", (0.0, float(modulus.max())), title, "|P|"),
        (angle, "twilight_shifted", (-np.pi, np.pi), "probe phase (|P| > 2 % of max)", "rad"),
    )
    for panel, (image, cmap, limits, name, unit) in zip(panels, views, strict=True):
        drawn = canvas.image_panel(panel, image, frame, cmap=cmap, limits=limits, title=name)
        canvas.colour_bar(panel, drawn, unit)
