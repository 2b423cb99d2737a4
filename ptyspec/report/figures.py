"""All pictures of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ptyspec.contracts.run import RunResult
from ptyspec.pipeline.protocol import Progress
from ptyspec.render import canvas
from ptyspec.render.views import views
from ptyspec.report import curves, maps, measurement

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AMPLITUDE_KEYS = ("mean_ratio", "amplitude_r", "highpass_r", "ssim", "agreement_amplitude")
PHASE_KEYS = ("phase_r", "agreement_phase")


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
    written = {}
    wanted = drawers(result)
    for number, (name, draw) in enumerate(wanted.items(), start=1):
        written[name] = _drawn(draw, folder / f"{name}.png", progress)
        if progress is not None:
            progress.step(number, len(wanted), name)
    return written


def _drawn(draw: Callable[[], Figure], path: Path, progress: Progress | None) -> Path:
    saved, why = canvas.attempt(lambda: canvas.save(draw(), path))
    if saved:
        return saved
    if progress is not None:
        progress.message(f"the picture {path.stem} could not be drawn: {why}")
    missing = path.with_suffix(".txt")
    missing.write_text(f"{why}\n", encoding="utf-8")
    return missing


def drawers(result: RunResult) -> dict[str, Callable[[], Figure]]:
    """Return what draws each picture that this run has content for."""
    seen, history = views(result), result.history
    found: dict[str, Callable[[], Figure]] = {
        "amplitude": lambda: maps.compared(seen, maps.amplitude(seen), AMPLITUDE_KEYS),
        "phase": lambda: maps.compared(
            seen, maps.phase(seen), () if seen.zero_phase else PHASE_KEYS
        ),
        "controls": lambda: maps.side_by_side(seen),
        "coverage": lambda: measurement.coverage(result.scan, result.reconstruction),
        "diffraction": lambda: measurement.diffraction(result.scan),
    }
    if history is not None and history.epochs:
        found["training"] = lambda: curves.training(history)
    rings = curves.ring_curves(seen.blocks)
    if rings:
        found["frc"] = lambda: curves.ring_correlation(rings, seen.truth is not None)
    return found
