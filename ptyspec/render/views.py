"""What the pictures show: every estimate and the truth cut to one frame of the object, phases comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.contracts.run import RunResult
from ptyspec.scores import headline as scores
from ptyspec.scores.phase import global_phase

MARGIN = 3
"""Uncovered pixels left around the covered area, so that its rim is seen."""


@dataclass(frozen=True)
class Frame:
    """A rectangle of the object: first column and row, and size, in object pixels."""

    x0: int
    y0: int
    width: int
    height: int

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Edges for an image shown in object pixels, rows downwards."""
        left, top = self.x0 - 0.5, self.y0 - 0.5
        return left, left + self.width, top + self.height, top


@dataclass(frozen=True)
class Views:
    """What a run shows.

    - frame: the part of the object in every picture.
    - estimates: complex (height, width) by estimator name, NaN where uncovered.
    - truth: the same for the known object (NaN only outside the object), or None.
    - blocks: the metrics block of each estimate.
    - zero_phase: the truth has no phase, so phase scores mean nothing.
    - results: the estimates whose errors set the colour scale; the first stands where nothing better is known.
    """

    frame: Frame
    estimates: Mapping[str, Array]
    truth: Array | None
    blocks: Mapping[str, Mapping[str, Any]]
    zero_phase: bool
    results: tuple[str, ...] = ("network",)

    @property
    def covered(self) -> Array:
        """(height, width) bool: pixels of the first result that were illuminated."""
        return np.isfinite(self.estimates[self.results[0]])


def frame_of(reconstruction: Reconstruction) -> Frame:
    """Return the bounding box of the covered pixels with a small margin; the whole canvas if none is covered."""
    rows, cols = np.nonzero(np.isfinite(reconstruction.object))
    x0, y0 = reconstruction.origin
    if rows.size == 0:
        return Frame(x0, y0, reconstruction.object.shape[1], reconstruction.object.shape[0])
    top, left = int(rows.min()) - MARGIN, int(cols.min()) - MARGIN
    height, width = int(rows.max()) + MARGIN + 1 - top, int(cols.max()) + MARGIN + 1 - left
    return Frame(x0 + left, y0 + top, width, height)


def place(image: Array, origin: tuple[int, int], frame: Frame) -> Array:
    """Return the part of an image that lies in the frame, complex64 or float; NaN outside the image."""
    dtype = np.complex64 if np.iscomplexobj(image) else np.float32
    out = np.full((frame.height, frame.width), np.nan, dtype)
    dx, dy = origin[0] - frame.x0, origin[1] - frame.y0
    top, left = max(dy, 0), max(dx, 0)
    bottom, right = min(dy + image.shape[0], frame.height), min(dx + image.shape[1], frame.width)
    if bottom > top and right > left:
        out[top:bottom, left:right] = image[top - dy : bottom - dy, left - dx : right - dx]
    return out


def align_phase(image: Array, reference: Array) -> Array:
    """Return the image with the one global phase that brings it closest to the reference; nothing else changes."""
    both = np.isfinite(image) & np.isfinite(reference)
    return np.asarray(image * global_phase(image[both], reference[both]), np.complex64)


def has_no_phase(truth: Array) -> bool:
    """Return whether the object's phase is one constant (to 1e-4 rad)."""
    values = truth[np.isfinite(truth)]
    angles = np.abs(np.angle(values * np.conj(values.mean()))) if values.size else np.ones(1)
    return bool(angles.max() < 1e-4)


def views(result: RunResult) -> Views:
    """Return the pictures' content of a finished run; phases follow the truth, else the iterative reference."""
    frame = frame_of(result.reconstruction)
    found = {"network": result.reconstruction, **result.controls}
    if result.refined is not None:
        found["refined"] = result.refined
    order = [name for name in scores.NAMES if name in found] + sorted({*found} - {*scores.NAMES})
    placed = {name: place(found[name].object, found[name].origin, frame) for name in order}
    truth = None
    if scores.has_truth(result.metrics) and result.scan.objectGuess is not None:
        truth = place(result.scan.objectGuess, (0, 0), frame)
    reference = truth if truth is not None else placed.get("iterative", placed["network"])
    aligned = {name: align_phase(image, reference) for name, image in placed.items()}
    zero_phase = truth is not None and has_no_phase(truth)
    return Views(frame, aligned, truth, scores.blocks(result.metrics), zero_phase)
