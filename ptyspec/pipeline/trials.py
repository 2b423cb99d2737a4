"""What a scan would be like if one thing were otherwise: a few sweeps of the iterative reference for each, on frames in its middle.

The misfit that is left is compared with that of the scan as it is. Nothing is changed by it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import ConfigError
from ptyspec.physics import iterative
from ptyspec.physics.probes import as_modes
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.dataspace import noise_deviance_per_pixel, r_factor

FRAMES, SWEEPS = 100, 2
"""Frames around the middle of the scan, and sweeps on them."""
REFINED = 10
"""Sweeps with a probe that follows, and without, where the probe has to find its way in each trial."""
SWAPPED = "x and y of the positions are swapped"
EIGHT = {
    "as-is": "",
    "x": "the sign of x is wrong",
    "y": "the sign of y is wrong",
    "xy": "the signs of x and y are wrong",
    "swap": SWAPPED,
    "swap-x": f"{SWAPPED}, and the sign of x is wrong",
    "swap-y": f"{SWAPPED}, and the sign of y is wrong",
    "swap-xy": f"{SWAPPED}, and the signs of x and y are wrong",
}
"""Orientations of the positions: x and y change places (swap), then the sign of x, of y, or of both is turned."""
ALONG = {
    "x over x": ((1, 0), (0, 0)),
    "x over y": ((0, 1), (0, 0)),
    "y over x": ((0, 0), (1, 0)),
    "y over y": ((0, 0), (0, 1)),
}
"""Changes of the matrix that turns positions of the file into object pixels."""
PART, FARTHEST = 0.1, 0.25
"""Change of an entry in each trial, and the largest that is believed."""
FREE = 0.4
"""Object values for each measured value that says something, from which on a better fit is a freer one."""
FOLLOWS = 6
"""Sweeps of the probe in each of TRIALS, where it was refined: with what is wrong, so that it has to find its way back."""


class Fit(NamedTuple):
    """What few sweeps leave: the R factor, and object values (2 a pixel) for each measured value above the noise."""

    r_factor: float
    freedom: float

    @property
    def corrected(self) -> float:
        """The R factor of as many measured values as an object with fewer pixels would leave."""
        return float(self.r_factor / np.sqrt(max(1 - self.freedom, 1e-3)))


def middle(scan: RawScan) -> RawScan:
    """Neighbouring frames, so that they overlap, around the middle, which every orientation leaves alone."""
    low, high = scan.positions.min(axis=0), scan.positions.max(axis=0)
    far = np.abs(scan.positions - (low + high) / 2).max(axis=1)
    return scan.take(np.sort(np.argsort(far, kind="stable")[:FRAMES]))


def fit(scan: RawScan, *, refine: int = 0, sweeps: int = SWEEPS, alpha: float = 1.0) -> Fit:
    """Return what so many sweeps leave, after as many sweeps of the probe as `refine` says."""
    if refine:
        probe = iterative.refine_probe(scan, sweeps=refine, seed=0)
        scan = scan.model_copy(update={"probeGuess": probe})
    found = iterative.reconstruct(scan, sweeps=sweeps, alpha=alpha, seed=0)
    rows = np.arange(scan.size)
    predicted, seen = predict_frames(scan, found, rows), scan.seen(rows)
    noise = noise_deviance_per_pixel((predicted * scan.scale) ** 2, seen)
    values = noise * (scan.diff3d.size if seen is None else seen.sum())
    unknown = 2 * np.isfinite(found.object).sum()
    return Fit(r_factor(predicted, scan.diff3d, seen), float(unknown / max(values, 1.0)))


def moved(scan: RawScan, x: Array, y: Array) -> RawScan:
    """The scan with its frames at these places."""
    places = {"xcoords": x, "ycoords": y, "xcoords_start": x, "ycoords_start": y}
    return scan.model_copy(update=places)


def turned(scan: RawScan, orientation: str) -> RawScan:
    """The scan with its positions in one of the EIGHT orientations, within the same limits."""
    if orientation not in EIGHT:
        what, step = "no orientation has this name", f"one of auto, {', '.join(EIGHT)}"
        raise ConfigError(what, value=orientation, source="scan.orientation", next_step=step)
    x, y = scan.xcoords, scan.ycoords
    if orientation.startswith("swap"):
        x, y = y, x
    signs = orientation.removeprefix("swap").removeprefix("-") if orientation != "as-is" else ""
    if "x" in signs:
        x = x.max() + x.min() - x
    if "y" in signs:
        y = y.max() + y.min() - y
    return scan if orientation == "as-is" else moved(scan, x, y)


def misfits(scan: RawScan) -> dict[str, float]:
    """R factor that a few sweeps leave, for each of the EIGHT orientations."""
    part = middle(scan)
    return {name: fit(turned(part, name)).r_factor for name in EIGHT}


def transformed(scan: RawScan, matrix: Array) -> RawScan:
    """The scan with its positions times a matrix (2, 2) that acts on [x, y], about their middle."""
    centre = scan.positions.mean(axis=0)
    x, y = ((scan.positions - centre) @ matrix.T + centre).T
    return moved(scan, x, y)


def better_matrix(scan: RawScan) -> dict[str, Any]:
    """Return the matrix by which the positions fit better, what it leaves of the R factor, and how free the fit is.

    Each entry is changed up and down, and a parabola tells where the misfit would be smallest; then all of them
    together are tried, whole and by half. A wrong pixel size, distance, angle, drift or skew is such a matrix.
    """
    part = middle(scan)

    def left(matrix: Array) -> Fit:
        return fit(transformed(part, matrix), refine=REFINED, sweeps=REFINED)

    as_is, change = left(np.eye(2)), np.zeros((2, 2))
    for entry in map(np.array, ALONG.values()):
        more, less = (left(np.eye(2) + sign * PART * entry).corrected for sign in (1, -1))
        slope, curve = (more - less) / 2, more + less - 2 * as_is.corrected
        step = -slope / curve if curve > 0 else -np.sign(slope) * np.inf
        change += entry * np.clip(step * PART, -FARTHEST, FARTHEST)
    trials = {part: left(np.eye(2) + part * change) for part in (0.5, 1.0)}
    part_of, best = min(trials.items(), key=lambda item: item[1].corrected)
    return {
        "matrix": (np.eye(2) + part_of * change).tolist(),
        "r_factor_over_as_is": best.corrected / as_is.corrected,
        "freedom": as_is.freedom,
    }


class Trial(NamedTuple):
    """One thing that may be otherwise: in words, what it makes of the scan, the clause it would break, and the remedy."""

    words: str
    change: Callable[[RawScan], RawScan]
    clause: str
    remedy: str


def _late(frames: int) -> Callable[[RawScan], RawScan]:
    """Each frame at the place of the one before it, or after it (-1)."""
    return lambda scan: moved(scan, np.roll(scan.xcoords, frames), np.roll(scan.ycoords, frames))


def _conjugated(scan: RawScan) -> RawScan:
    return scan.model_copy(update={"probeGuess": np.conj(scan.probeGuess)})


def _one_more_mode(scan: RawScan) -> RawScan:
    """A twentieth of the light in another mode, the probe times a slope: refinement makes of it what it is."""
    modes = as_modes(scan.probeGuess)
    slope = np.linspace(-1, 1, scan.N)
    other = modes[0] * (slope[:, None] + slope)
    other *= np.linalg.norm(modes) / np.linalg.norm(other) * 0.05**0.5
    probe = np.stack([*modes * 0.95**0.5, other]).astype(np.complex64)
    return scan.model_copy(update={"probeGuess": probe})


def _without_background(scan: RawScan) -> RawScan:
    """Without the light that the darkest hundredth of the measured pixels has on average."""
    mean = (scan.diff3d.astype(np.float64) ** 2).mean(axis=0)
    seen = scan.known_pixels
    dark = np.percentile(mean if seen is None else mean[seen], 1)
    frames = np.sqrt(np.maximum(scan.diff3d**2 - dark, 0)).astype(np.float32)
    return scan.model_copy(update={"diff3d": frames})


TRIALS = (
    *(
        Trial(words, partial(turned, orientation=name), "COORDS-001", f"--orientation {name}")
        for name, words in EIGHT.items()
        if words
    ),
    Trial(
        "the probe is complex-conjugated", _conjugated, "DATA-007", "give its conjugate by --probe"
    ),
    Trial("frames lie one place late", _late(1), "COORDS-001", "shift the positions by one row"),
    Trial("frames lie one place early", _late(-1), "COORDS-001", "shift the positions by one row"),
    Trial(
        "the light is not one coherent mode, or there is a background",
        _one_more_mode,
        "DATA-007",
        "give a probe of several modes, (K, N, N), by --probe",
    ),
    Trial(
        "there is a background under the patterns",
        _without_background,
        "DATA-007",
        "subtract it from the frames",
    ),
)


def tried(scan: RawScan, *, refine: int, alpha: float) -> tuple[Fit, list[tuple[Trial, Fit]]]:
    """Return what the scan as it is leaves, and what each of TRIALS leaves, the best first."""
    part = middle(scan)
    made = [(one, fit(one.change(part), refine=refine, alpha=alpha)) for one in TRIALS]
    best_first = sorted(made, key=lambda item: item[1].corrected)
    return fit(part, refine=refine, alpha=alpha), best_first
