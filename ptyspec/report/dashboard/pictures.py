"""Pictures of a run as small PNG inside the page: truth, reconstruction, error and controls on shared colour scales."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from ptyspec.checks.verdict_limits import level_limits
from ptyspec.contracts.arrays import Array
from ptyspec.render import canvas
from ptyspec.render.views import views
from ptyspec.report import maps
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores import headline as scores

LEVELS = 255
"""Colours of a picture; one more is kept for pixels without a value."""
STOPS = 9
"""Colours that a colour bar is drawn with."""


def pictures(run: FinishedRun, side: int) -> list[dict[str, Any]]:
    """Return rows of panels of at most `side` pixels: amplitude, phase where there is one, amplitude of the controls."""
    seen = views(run.result())
    amplitude = maps.amplitude(seen)
    rows = [_row("amplitude", amplitude, side)]
    if not seen.zero_phase:
        rows.append(_row("phase", maps.phase(seen), side))
    names = [name for name in ("trivial", "untrained", "iterative") if name in seen.estimates]
    if names:
        panels = [
            _panel(
                scores.NAMES[name], amplitude.images[name], amplitude.cmap, amplitude.limits, side
            )
            for name in names
        ]
        row = {
            "name": "controls",
            "unit": amplitude.unit,
            "panels": panels,
            "note": "amplitude, on the scale above",
        }
        rows.append(row | {"bars": [_bar(amplitude.cmap, amplitude.limits, "")]})
    return rows


def _row(name: str, quantity: maps.Quantity, side: int) -> dict[str, Any]:
    top = quantity.error_limit
    error = (-top, top)
    panels = [
        _panel(quantity.reference_name, quantity.reference, quantity.cmap, quantity.limits, side),
        _panel("reconstruction", quantity.images["network"], quantity.cmap, quantity.limits, side),
        _panel("error", quantity.errors["network"], maps.ERROR_MAP, error, side),
    ]
    bars = [
        _bar(quantity.cmap, quantity.limits, f"{quantity.reference_name} and reconstruction"),
        _bar(maps.ERROR_MAP, error, "error"),
    ]
    return {"name": name, "unit": quantity.unit, "panels": panels, "bars": bars, "note": ""}


def _panel(
    title: str, image: Array, cmap: str, limits: tuple[float, float], side: int
) -> dict[str, Any]:
    """The size that is stated is that of the area, so that the page keeps its place before the picture is decoded."""
    height, width = image.shape
    finite = image[np.isfinite(image)]
    said = (
        f"{title}: {finite.min():.3g} to {finite.max():.3g}, mean {finite.mean():.3g}"
        if finite.size
        else f"{title}: empty"
    )
    return {
        "title": title,
        "said": said,
        "data": data_uri(image, cmap, limits, side),
        "width": width,
        "height": height,
    }


def _bar(cmap: str, limits: tuple[float, float], label: str) -> dict[str, Any]:
    stops = _palette(cmap)[np.linspace(0, LEVELS - 1, STOPS).astype(int)]
    colours = ", ".join(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in stops)
    return {
        "label": label,
        "low": f"{limits[0]:.3g}",
        "high": f"{limits[1]:.3g}",
        "colours": colours,
    }


def data_uri(image: Array, cmap: str, limits: tuple[float, float], side: int) -> str:
    """Return a palette PNG of a real image as data URI; values beyond the limits take the last colour, NaN is grey."""
    from PIL import Image

    step = max(1, -(-max(image.shape) // side))
    small = image[::step, ::step]
    share = (small - limits[0]) / (limits[1] - limits[0])
    index = np.where(
        np.isfinite(share), 1 + np.clip(np.nan_to_num(share) * LEVELS, 0, LEVELS - 1), 0
    ).astype(np.uint8)
    picture = Image.fromarray(index, "P")
    grey = [int(canvas.GREY[at : at + 2], 16) for at in (1, 3, 5)]
    picture.putpalette([*grey, *_palette(cmap).ravel().tolist()])
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _palette(cmap: str) -> Array:
    from matplotlib import colormaps

    return np.asarray(np.round(255 * colormaps[cmap](np.linspace(0, 1, LEVELS))[:, :3]), np.uint8)


def looks(metrics: Mapping[str, Any]) -> str:
    """Return one sentence on what the object looks like, from its scores; empty where no truth is known."""
    amplitude = metrics.get("amplitude") or {}
    mine, truth = amplitude.get("prediction") or {}, amplitude.get("truth") or {}
    ratio, detail = (
        scores.lookup(metrics, "amplitude.mean_ratio"),
        scores.lookup(metrics, "amplitude.highpass_pearson_r"),
    )
    if ratio is None or not {"min", "max", "mean"} <= set(mine) & set(truth):
        return ""
    low, high = level_limits()
    level = "too dark" if ratio < low else "too bright" if ratio > high else "right"
    text = (
        f"Its level is {level}: |O| goes from {mine['min']:.2f} to {mine['max']:.2f} (mean {mine['mean']:.2f}) where the "
        f"truth goes from {truth['min']:.2f} to {truth['max']:.2f} (mean {truth['mean']:.2f})"
    )
    if detail is None:
        return f"{text}."
    kind = "is there" if detail > 0.7 else "is there in part" if detail > 0.3 else "is missing"
    return f"{text}. Its fine detail {kind}: high-pass correlation {detail:.2f} with the truth."
