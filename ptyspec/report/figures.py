"""All pictures of a run and the files they go to; report.maps draws the object, report.scan_pictures the scan."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.contracts.records import History
from ptyspec.contracts.run import RunResult
from ptyspec.physics.scan_facts import ScanFacts
from ptyspec.pipeline.protocol import Progress
from ptyspec.render import canvas
from ptyspec.render.canvas import frame_of, place, views
from ptyspec.render.table import escape
from ptyspec.report import maps, scan_pictures
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AMPLITUDE_KEYS = ("mean_ratio", "amplitude_r", "highpass_r", "ssim", "agreement_amplitude")


def write_figures(
    folder: Path, result: RunResult, progress: Progress | None = None
) -> dict[str, Path]:
    """Write the pictures of a finished run as `write_pictures` does, and return them by name."""
    return write_pictures(folder, drawers(result), progress)


def write_pictures(
    folder: Path, wanted: "Mapping[str, Callable[[], Figure]]", progress: Progress | None = None
) -> dict[str, Path]:
    """Write pictures as PNG into `folder` (created if absent) and return them by name.

    A picture that cannot be drawn is a text file NAME.txt with the reason (REPORTING-ARTIFACT-BOUNDARY-001); what the
    system refuses to write is an error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    watcher = progress or Progress()
    written: dict[str, Path] = {}
    missed: dict[str, list[str]] = {}
    for number, (name, draw) in enumerate(wanted.items(), start=1):
        written[name], why = _drawn(draw, folder / f"{name}.png")
        if why:
            missed.setdefault(why, []).append(name)
        watcher.step(number, len(wanted), name)
    for why, names in missed.items():  # without matplotlib all have one reason
        watcher.message(f"could not be drawn: {', '.join(names)}; {why}")
    return written


def linked(figures: Mapping[str, Path], folder: Path, captions: Mapping[str, str]) -> list[str]:
    """Return the Markdown of those pictures that have a caption, linked from a page in `folder`."""
    lines = []
    for name, caption in captions.items():
        if name in figures and figures[name].suffix == ".txt":
            why = figures[name].read_text(encoding="utf-8")
            lines += [f"The picture {name} could not be drawn: {escape(why)}.", ""]
        elif name in figures:
            address = figures[name].relative_to(folder).as_posix()
            lines += [f"![{caption}]({address})", ""]
    return lines


def _drawn(draw: "Callable[[], Figure]", path: Path) -> tuple[Path, str]:
    missing = path.with_suffix(".txt")
    saved, why = canvas.attempt(lambda: canvas.save(draw(), path))
    if saved:
        missing.unlink(missing_ok=True)  # what an earlier attempt left
        return saved, ""
    missing.write_text(f"{why}\n", encoding="utf-8")
    return missing, why


def drawers(result: RunResult) -> "dict[str, Callable[[], Figure]]":
    """Return what draws each picture that this run has content for, by name.

    Colour scales come from the truth, or from the iterative reference where there is none.
    """
    seen, history = views(result), result.history
    phases = () if seen.zero_phase else ("phase_r", "agreement_phase")
    found: dict[str, Callable[[], Figure]] = {
        "amplitude": lambda: maps.compared(seen, maps.amplitude(seen), AMPLITUDE_KEYS),
        "phase": lambda: maps.compared(seen, maps.phase(seen), phases),
        "controls": lambda: maps.side_by_side(seen),
        "coverage": lambda: coverage(result.scan, result.reconstruction),
        "diffraction": lambda: scan_pictures.diffraction(result.scan),
    }
    if result.resolved.scenario.measured:
        found |= scan_pictures.drawers(ScanFacts(result.scan))
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
