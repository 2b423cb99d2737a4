"""Pictures of the object: amplitude, phase, and the network beside its controls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.render import canvas
from ptyspec.render.canvas import Views
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AMPLITUDE_UNIT = "|O|  (absolute gauge)"
PHASE_UNIT = "phase / rad"
ERROR_MAP = "RdBu_r"
LABELLED = (
    *("mean_ratio", "amplitude_r", "highpass_r", "ssim", "phase_r", "r_factor"),
    *("agreement_amplitude", "agreement_phase"),
)
"""Scores beside a row of the controls."""
WORST_FIRST = ("trivial", "untrained", "network", "flat_start", "refined", "iterative")


@dataclass(frozen=True)
class Quantity:
    """A real image made from the complex object.

    - images: by estimator, on the views' frame; reference: the truth or the iterative reference.
    - errors: by estimator, image minus reference; limits and error_limit are shared by all panels.
    """

    title: str
    unit: str
    cmap: str
    limits: tuple[float, float]
    reference: Array
    reference_name: str
    images: Mapping[str, Array]
    errors: Mapping[str, Array]
    error_limit: float


def _reference(views: Views) -> tuple[Array, str]:
    if views.truth is not None:
        return np.where(views.covered, views.truth, np.nan), "truth"
    if "iterative" in views.estimates:
        return views.estimates["iterative"], "iterative reference"
    first = views.results[0]
    return views.estimates[first], first


def amplitude(views: Views) -> Quantity:
    """Return |O| of every estimate; the reference alone fixes the colour scale, so a wrong scale is seen at once."""
    reference, name = _reference(views)
    images = {key: np.abs(image) for key, image in views.estimates.items()}
    errors = {key: image - np.abs(reference) for key, image in images.items()}
    # An estimate that stands in for the truth has outliers; they must not take the whole colour scale.
    limits = canvas.value_limits(np.abs(reference), part=1.0 if views.truth is not None else 0.99)
    error_limit = max(canvas.symmetric_limit(errors[name]) for name in views.results)
    look = ("amplitude, no rescaling", AMPLITUDE_UNIT, "viridis", limits)
    return Quantity(*look, np.abs(reference), name, images, errors, error_limit)


def phase(views: Views) -> Quantity:
    """Return the phase of every estimate around the reference's mean phase; errors are angle(rec conj(reference))."""
    reference, name = _reference(views)
    values = reference[np.isfinite(reference)]
    centre = np.exp(-1j * np.angle(values.sum())) if values.size else 1.0
    angle = np.angle(reference * centre)
    images = {key: np.angle(image * centre) for key, image in views.estimates.items()}
    errors = {key: np.angle(image * np.conj(reference)) for key, image in views.estimates.items()}
    top = max(canvas.symmetric_limit(angle), 0.05)
    limits, cmap = ((-top, top), "magma") if top < 2.6 else ((-np.pi, np.pi), "twilight_shifted")
    error_limit = max(canvas.symmetric_limit(errors[name]) for name in views.results)
    title = "phase, after one global phase"
    if views.zero_phase:
        title = "phase: this object has none, so phase scores mean nothing (what is seen is the residual)"
    return Quantity(title, PHASE_UNIT, cmap, limits, angle, name, images, errors, error_limit)


def compared(views: Views, quantity: Quantity, keys: tuple[str, ...]) -> "Figure":
    """Draw reference | network | error, with a second row for a refined object.

    Without a truth the order is network | iterative reference | difference.
    """
    rows = [name for name in ("network", "refined") if name in views.estimates]
    width, top, against = 3.5, quantity.error_limit, quantity.reference_name
    grid = canvas.Grid(len(rows), 3, width, canvas.panel_size(views.frame, width))
    figure, axes = grid.figure(quantity.title)
    kind, look = "difference" if views.truth is None else "error", (quantity.cmap, quantity.limits)
    for row, name in zip(axes, rows, strict=True):
        words, error = scores.NAMES[name], quantity.errors[name]
        scored = f"{words}\n{scores.title_scores(views.blocks.get(name, {}), *keys)}".strip()
        missed = f"{kind}: {words} − {against}\nroot mean square {canvas.rms(error):.3g}"
        shown = [
            (quantity.reference, *look, quantity.unit, against),
            (quantity.images[name], *look, quantity.unit, scored),
        ]
        shown = shown if views.truth is not None else shown[::-1]
        shown.append((error, ERROR_MAP, (-top, top), "Δ " + quantity.unit, missed))
        for axis, (image, cmap, limits, unit, title) in zip(row, shown, strict=True):
            how: Any = {"cmap": cmap, "limits": limits, "title": title}
            drawn = canvas.image_panel(axis, image, views.frame, **how)
            canvas.scale_bar(axis, views.frame, views.pixel_m)
            canvas.colour_bar(axis, drawn, unit, extend="both")
            axis.set_xlabel("x / pixel", fontsize=canvas.SMALL)
            axis.set_ylabel("y / pixel", fontsize=canvas.SMALL)
            axis.label_outer()
    return figure


def side_by_side(views: Views, title: str = "the network beside its controls") -> "Figure":
    """Draw one row for each estimate (reference first): amplitude, amplitude error, phase; one scale a column."""
    first, second = amplitude(views), phase(views)
    against, top = first.reference_name, first.error_limit
    shown = [name for name in WORST_FIRST if name in views.estimates] or list(views.estimates)
    names = [name for name in shown if scores.NAMES.get(name, name) != against]
    width = 3.6
    height = max(canvas.panel_size(views.frame, width), 1.0)  # a row label has six lines
    margins = {"left": 1.8, "right": 0.2, "bottom": 0.6, "across": 0.12, "down": 0.12}
    figure, axes = canvas.Grid(len(names) + 1, 3, width, height, **margins).figure(title)
    for row, name in zip(axes, [against, *names], strict=True):
        beside = {"rotation": 0, "ha": "right", "va": "center"}
        label = name
        if name in views.blocks:
            lines = scores.title_scores(views.blocks[name], *LABELLED).replace(" · ", "\n")
            label = f"{scores.NAMES.get(name, name)}\n{lines}"
        row[0].set_ylabel(label, fontsize=canvas.TEXT, **beside)
        panels = [
            (first.images.get(name, first.reference), first.cmap, first.limits),
            (first.errors.get(name), ERROR_MAP, (-top, top)),
            (second.images.get(name, second.reference), second.cmap, second.limits),
        ]
        for axis, (image, cmap, limits) in zip(row, panels, strict=True):
            axis.set(xticks=[], yticks=[])
            if image is None:  # the reference has no error
                axis.set_frame_on(False)
            else:
                canvas.image_panel(axis, image, views.frame, cmap=cmap, limits=limits, title="")
                canvas.scale_bar(axis, views.frame, views.pixel_m)
    heads = ("amplitude", f"amplitude − {against}", "phase")
    for axis, head in zip(axes[0], heads, strict=True):
        axis.set_title(head, fontsize=canvas.TITLE)
    units = (AMPLITUDE_UNIT, "Δ " + AMPLITUDE_UNIT, PHASE_UNIT)
    for axis, unit in zip(axes[-1], units, strict=True):
        canvas.colour_bar(axis, axis.images[0], unit, below=True, extend="both")
    return figure
