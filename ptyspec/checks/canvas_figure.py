"""Canvases drawn to scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.render import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEEDED, LEGACY, STITCHED, RULE = (
    canvas.COLOURS["iterative"],
    canvas.COLOURS["untrained"],
    canvas.COLOURS["network"],
    canvas.COLOURS["flat_start"],
)


def to_scale(subjects: Sequence[Material], data: Mapping[str, Any]) -> Figure:
    """One row a subject: everything in object pixels, and the widest group's own canvas."""
    grid = canvas.Grid(len(subjects), 2, 4.2, 4.2, across=0.9, down=0.8)
    figure, axes = grid.figure("canvases")
    for row, material in zip(axes, subjects, strict=True):
        model, stitched = data["model"][material.name], data["stitched"][material.name]
        part = material.groups.test
        widest = int(np.argmax(np.abs(part.coords_relative).max(axis=(1, 2, 3))))
        _whole(row[0], material, model, stitched, part.coords_offsets[widest, 0, :, 0].tolist())
        _group(row[1], model, (-part.coords_relative[widest, 0].T).tolist())
        for axis in row:
            axis.set_xlabel("x / pixel", fontsize=canvas.SMALL)
            axis.set_ylabel("y / pixel", fontsize=canvas.SMALL)
            axis.tick_params(labelsize=canvas.SMALL)
            axis.set_aspect("equal")
            axis.invert_yaxis()
            axis.legend(fontsize=canvas.SMALL, loc="lower left", framealpha=0.9)
    return figure


def _square(axes: Axes, centre: Sequence[float], side: float, *look: str) -> None:
    _box(axes, (centre[0] - side / 2, centre[1] - side / 2), side, side, *look)


def _box(
    axes: Axes,
    low: tuple[float, float],
    width: float,
    height: float,
    colour: str,
    label: str = "",
    style: str = "-",
) -> None:
    from matplotlib.patches import Rectangle

    box = Rectangle(low, width, height, fill=False, edgecolor=colour, linewidth=1.6)
    box.set(linestyle=style, label=label or None)
    axes.add_patch(box)


def _whole(
    axes: Axes,
    material: Material,
    model: Mapping[str, Any],
    stitched: Mapping[str, Any],
    centre: Sequence[float],
) -> None:
    obj = material.scan.objectGuess
    if obj is not None:
        height, width = obj.shape
        axes.imshow(
            np.abs(obj), cmap="gray", extent=(-0.5, width - 0.5, height - 0.5, -0.5), alpha=0.6
        )
    axes.plot(*material.groups.test.scan.positions.T, ".", color=STITCHED, markersize=1.5)
    _box(
        axes,
        (stitched["x0"], stitched["y0"]),
        stitched["width"],
        stitched["height"],
        STITCHED,
        f"stitched {stitched['width']} x {stitched['height']}",
    )
    _square(axes, centre, model["side"], NEEDED, f"inside the model {model['side']}")
    _square(axes, centre, model["jitter_rule"], RULE, f"jitter rule {model['jitter_rule']}", "--")
    axes.set_title(canvas.plain(f"{material.name}: test split"), fontsize=canvas.TEXT)
    reach = model["jitter_rule"] / 2 + 10
    axes.set_xlim(
        min(centre[0] - reach, -10), max(centre[0] + reach, stitched["x0"] + stitched["width"] + 10)
    )
    axes.set_ylim(
        min(centre[1] - reach, -10),
        max(centre[1] + reach, stitched["y0"] + stitched["height"] + 10),
    )


def _group(axes: Axes, model: Mapping[str, Any], ways: Sequence[Sequence[float]]) -> None:
    for at, way in enumerate(ways):
        _square(axes, way, model["N"], "#777777", f"patches {model['N']}" if at == 0 else "")
        axes.plot(*way, "o", color="#222222", markersize=3)
    _square(axes, (0, 0), model["side"], NEEDED, f"there is {model['side']}")
    _square(axes, (0, 0), model["legacy_padded"], LEGACY, f"legacy {model['legacy_padded']}", "--")
    reach = max(model["side"], model["needed"], model["legacy_padded"]) / 2 + 6
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, 1.45 * reach)
    axes.set_title("widest test group, around its mean", fontsize=canvas.TEXT)
