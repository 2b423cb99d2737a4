"""Pictures of a proposed array: old, new and their difference side by side; how many ulps the values moved."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.figure import Figure

from ptyspec.contracts.arrays import Array


def beside(old: Array | None, new: Array) -> str:
    """Return old | new | difference of a 2-D array as a PNG data address; complex arrays by modulus and phase."""
    rows: list[tuple[str, Callable[[Array], Array]]] = [("modulus", np.abs)]
    if new.dtype.kind == "c":
        rows.append(("phase", np.angle))
    fits = old is not None and old.shape == new.shape
    figure = Figure(figsize=(9, 2.7 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), 3, squeeze=False)
    for (what, view), line in zip(rows, panels, strict=True):
        images = [view(old) if old is not None else None, view(new)]
        known = np.concatenate(
            [image[np.isfinite(image)].ravel() for image in images if image is not None]
            or [np.zeros(1)]
        )
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        for panel, image, title in zip(
            line[:2], images, (f"golden, {what}", f"proposed, {what}"), strict=True
        ):
            if image is not None:
                figure.colorbar(panel.imshow(image, vmin=low, vmax=high, cmap="viridis"), ax=panel)
            panel.set(
                title=title if image is not None else "no golden file yet", xticks=[], yticks=[]
            )
        moved = _moved(old, new, what) if fits and old is not None else None
        if moved is not None:
            figure.colorbar(line[2].imshow(moved, cmap="magma"), ax=line[2])
        line[2].set(title=f"|difference|, {what}" if fits else "", xticks=[], yticks=[])
    return _png(figure)


def _moved(old: Array, new: Array, what: str) -> Array:
    return np.asarray(np.abs(np.angle(new * old.conj())) if what == "phase" else np.abs(new - old))


def histogram(ulps: Mapping[str, int]) -> str:
    """Return a bar a bin of how many values moved by how many units in the last place, as a PNG data address."""
    figure = Figure(figsize=(9, 1.9), layout="constrained")
    axes = figure.subplots()
    axes.bar(list(ulps), [max(count, 0.5) for count in ulps.values()], color="#4477aa")
    axes.set(yscale="log", ylim=(0.5, None), ylabel="values", xlabel="units in the last place")
    return _png(figure)


def _png(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=80)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
