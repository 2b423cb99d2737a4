"""What a black box makes of one simulated scan, and of the same scan told otherwise: each asked once, when a check looks.

Every question is a change of the scan that a right reconstruction answers in a known way. Answers are put back into the
frame of the plain scan, so that checks compare like with like.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.contracts.scenario import DoseSpec
from ptyspec.physics.geometry import object_extent
from ptyspec.physics.scale import illumination_weight
from ptyspec.physics.simulate import measure
from ptyspec.pipeline.box import Scan
from ptyspec.scores.frame import Frame, common
from ptyspec.scores.phase import global_phase

LIT = 0.5
"""Part of the usual light (90th percentile of the coverage) from which on a pixel counts as well lit."""
HEAVY = 0.1
"""Light, as a part of the usual, below which nothing can be known."""


@dataclass(frozen=True)
class Answer:
    """An object in the frame of the plain scan.

    - image: (H, W) complex128; origin: column and row of [0, 0], whole pixels; light: summed |P|^2 / max |P|^2 on the
      same pixels, computed from the scan; raw, place: what the box returned.
    """

    image: Array
    origin: tuple[int, int]
    light: Array
    raw: Any = None
    place: Any = None

    @property
    def lit(self) -> Array:
        """(H, W) bool: well lit."""
        return np.asarray(self.light >= LIT * usual(self.light))

    @property
    def seen(self) -> Reconstruction:
        """The well lit part, as the scores take it."""
        weight = np.where(self.lit, self.light, 0).astype(np.float32)
        return Reconstruction(
            object=self.image.astype(np.complex64), coverage=weight, origin=self.origin
        )


def usual(light: Array) -> float:
    """90th percentile of the light that falls anywhere."""
    some = light[light > 1e-3]
    return float(np.percentile(some, 90)) if some.size else np.inf


def light_of(scan: Scan, shape: tuple[int, int], origin: tuple[int, int]) -> Array:
    """Summed |P|^2 / max |P|^2 on a canvas, (H, W) float32, to whole pixels; what falls beside it is lost."""
    weight, size = illumination_weight(scan.probe), scan.probe.shape[0]
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
    return light


def placed(image: Array, place: Any, scan: Scan, raw: Any = None) -> Answer:
    """Put an object on whole pixels of the frame of the scan's positions."""
    from scipy.ndimage import shift

    exact = np.array([float(place[0]), float(place[1])])
    whole = np.floor(exact + 0.5).astype(int)
    rest = exact - whole
    made = np.asarray(image, np.complex128)
    if np.any(np.abs(rest) > 1e-6):  # its pixels lie between ours
        known = np.isfinite(made)
        filled = np.where(known, made, 0)
        moved = (shift(part, rest[::-1], order=3) for part in (filled.real, filled.imag))
        real, imaginary = moved
        kept = shift(known.astype(float), rest[::-1], order=1) > 0.99
        made = np.where(kept, real + 1j * imaginary, np.nan)
    origin = (int(whole[0]), int(whole[1]))
    return Answer(made, origin, light_of(scan, made.shape, origin), raw, place)


def relation(first: Answer, second: Answer) -> tuple[float, float]:
    """Return level of `first` over `second`, and |first - second| / |second| after one global phase; well lit pixels."""
    frame = common(first.seen, second.seen)
    if frame.pixels == 0:
        return float("nan"), float("nan")
    a, b = frame.rec[frame.mask], frame.truth[frame.mask]
    level = float(np.abs(a).mean() / np.abs(b).mean())
    a = a * global_phase(a, b)
    return level, float(np.linalg.norm(a - b) / np.linalg.norm(b))


Back = Callable[[Array, Any], tuple[Array, Any]]
"""Puts an object and its origin back into the frame and gauge of the plain scan."""


@dataclass
class Box:
    """A black box and what it said, by question.

    - reconstruct: what is asked; settings: its own; seed: the setting that seeds it, empty where it has none.
    - truth, scan: the object that was simulated, and its scan.
    """

    reconstruct: Callable[[Scan, Mapping[str, Any]], Any]
    settings: Mapping[str, Any]
    truth: Array
    scan: Scan
    seed: str = ""
    said: dict[str, Answer] = field(default_factory=dict)

    def ask(self, name: str, scan: Scan | None = None, back: Back | None = None, **settings: Any) -> Answer:
        """Return the answer to a question that is known by its name, asked at most once."""
        if name not in self.said:
            asked = self.scan if scan is None else scan
            image, place = self.reconstruct(asked, {**self.settings, **settings})
            raw = image
            if back is not None:
                image, place = back(np.asarray(image), place)
            self.said[name] = placed(image, place, self.scan, raw)
        return self.said[name]

    @property
    def plain(self) -> Answer:
        """The answer to the scan as it is."""
        return self.ask("plain")

    @cached_property
    def frame(self) -> Frame:
        """The plain answer beside the truth, where it is well lit."""
        return self.beside(self.plain)

    def beside(self, answer: Answer) -> Frame:
        """An answer beside the truth, where it is well lit."""
        known = np.ones(self.truth.shape, np.float32)
        return common(answer.seen, Reconstruction(object=self.truth, coverage=known, origin=(0, 0)))

    def simulated(self, photons: float, seed: int) -> Scan:
        """The same object, probe and positions, measured with so many photons a frame."""
        dose = DoseSpec(nphotons=photons)
        amplitude, scale = measure(self.truth, self.scan.probe, self.scan.positions, dose, seed)
        counts = np.rint((amplitude.astype(np.float64) * scale) ** 2).astype(np.float32)
        return self.scan.but(frames=counts, scale=scale)
