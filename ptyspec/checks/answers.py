"""What a black box answered, in the frame of the scan that it was asked about, and how two answers compare."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.physics.geometry import object_extent
from ptyspec.physics.scale import illumination_weight
from ptyspec.pipeline.box import Scan, no_answer
from ptyspec.scores.frame import common
from ptyspec.scores.phase import global_phase

FURTHEST = 1e8
"""Pixels; an origin beyond is none."""
LIT = 0.5
"""Part of the usual light (90th percentile of the coverage) from which on a pixel counts as well lit."""


@dataclass(frozen=True)
class Answer:
    """An object in the frame of the plain scan.

    - image: (H, W) complex128; origin: column and row of [0, 0], whole pixels; light: summed |P|^2 / max |P|^2 on the
      same pixels, computed from the scan; usual: its 90th percentile where any falls; raw, place: what the box returned; model: what was fitted for it.
    """

    image: Array
    origin: tuple[int, int]
    light: Array
    usual: float
    raw: Any = None
    place: Any = None
    model: Any = None

    @property
    def lit(self) -> Array:
        """(H, W) bool: well lit."""
        return np.asarray(self.light >= LIT * self.usual)

    @property
    def seen(self) -> Reconstruction:
        """The well lit part, as the scores take it."""
        weight = np.where(self.lit, self.light, 0).astype(np.float32)
        return Reconstruction(
            object=self.image.astype(np.complex64), coverage=weight, origin=self.origin
        )


def light_of(scan: Scan, shape: tuple[int, int], origin: tuple[int, int]) -> tuple[Array, float]:
    """Return summed |P|^2 / max |P|^2 on a canvas, (H, W) float32, to whole pixels, and the usual light of the scan.

    What falls beside the canvas is lost there; the usual light is the 90th percentile where any falls at all.
    """
    weight, size = illumination_weight(scan.probe), scan.probe.shape[-1]
    x0, y0, width, height = object_extent(scan.positions, size)
    whole = np.zeros((height + 1, width + 1), np.float32)
    for x, y in np.floor(scan.positions).astype(int) - size // 2 - (x0, y0):
        whole[y : y + size, x : x + size] += weight
    light = np.zeros(shape, np.float32)
    dx, dy = x0 - origin[0], y0 - origin[1]
    rows = slice(max(dy, 0), min(dy + whole.shape[0], shape[0]))
    columns = slice(max(dx, 0), min(dx + whole.shape[1], shape[1]))
    light[rows, columns] = whole[
        rows.start - dy : rows.stop - dy, columns.start - dx : columns.stop - dx
    ]
    return light, float(np.percentile(whole[whole > 1e-3], 90))


def placed(image: Array, place: Any, scan: Scan, raw: Any = None) -> Answer:
    """Put an object on whole pixels of the frame of the scan's positions; raises AnswerError where it is no image."""
    from scipy.ndimage import shift

    if np.ndim(image) != 2 or not np.size(image):
        raise no_answer("the object", np.shape(image), "an image (H, W)", "return one image")
    try:
        made, exact = np.asarray(image, np.complex128), np.array([*map(float, place)])
    except (TypeError, ValueError) as error:
        told = f"numbers: {error}"
        raise no_answer("object or origin", image, told, "return numbers") from error
    if exact.shape != (2,) or not (np.abs(exact) < FURTHEST).all():
        raise no_answer("the origin", place, "two finite numbers (x, y)", "return the column first")
    whole = np.floor(exact + 0.5).astype(int)
    rest = exact - whole
    if np.any(np.abs(rest) > 1e-6):  # its pixels lie between ours
        known = np.isfinite(made)
        filled = np.where(known, made, 0)
        moved = (shift(part, rest[::-1], order=3) for part in (filled.real, filled.imag))
        real, imaginary = moved
        kept = shift(known.astype(float), rest[::-1], order=1) > 0.99
        made = np.where(kept, real + 1j * imaginary, np.nan)
    origin = (int(whole[0]), int(whole[1]))
    return Answer(made, origin, *light_of(scan, made.shape, origin), raw, place)


def relation(first: Answer, second: Answer) -> tuple[float, float]:
    """Return level of `first` over `second`, and |first - second| / |second| after one global phase; well lit pixels."""
    frame = common(first.seen, second.seen)
    if frame.pixels == 0:
        return float("nan"), float("nan")
    a, b = frame.rec[frame.mask], frame.truth[frame.mask]
    level = float(np.abs(a).mean() / np.abs(b).mean())
    a = a * global_phase(a, b)
    return level, float(np.linalg.norm(a - b) / np.linalg.norm(b))
