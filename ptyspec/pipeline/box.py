"""The black box: a reconstruction that gets a scan and its own settings, and gives an object and its place.

Nothing else is asked of it. docs/adding-an-adapter.md has a whole one in fifteen lines.
"""

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan, array_digest
from ptyspec.errors import AnswerError

UNITS = {"positions": "object pixels", "frames": "photons", "probe": "the gauge of the scan"}


@dataclass(frozen=True)
class Scan:
    """What a black box is given. Its arrays are read-only.

    - frames: (M, N, N), counts = Poisson((scale |F(P O_j)|)^2) with the orthonormal transform F, or, where
      `measurement` is "amplitudes", the square root of the counts over the scale. Zero frequency is at [N/2, N/2].
    - positions: (M, 2) float64, [x, y]: column and row of the object under probe pixel [N/2, N/2].
    - probe: (N, N) complex64, fixed; or (K, N, N), K modes that do not interfere: |F(P_k O_j)|^2 are added.
    - mask: (N, N) bool, or (M, N, N), one a frame: True where the detector measured; None: everywhere.
    """

    frames: Array
    positions: Array
    probe: Array
    scale: float
    measurement: Literal["counts", "amplitudes"] = "counts"
    mask: Array | None = None
    units: Mapping[str, str] = field(default_factory=lambda: dict(UNITS))

    def __post_init__(self) -> None:
        for name in ("frames", "positions", "probe", "mask"):
            if (array := getattr(self, name)) is not None:
                own = np.array(array, order="K")
                own.flags.writeable = False
                object.__setattr__(self, name, own)

    @property
    def amplitude(self) -> Array:
        """sqrt(counts) / scale, (M, N, N) float32: what |F(P O_j)| predicts."""
        if self.measurement == "amplitudes":
            return np.asarray(self.frames, np.float32)
        with np.errstate(invalid="ignore"):  # a negative count has no amplitude: NaN
            root = np.sqrt(np.asarray(self.frames, np.float64))
        return np.asarray(root / self.scale, np.float32)

    def but(self, **update: Any) -> "Scan":
        """Return this scan with something exchanged."""
        return replace(self, **update)

    def take(self, rows: Array) -> "Scan":
        """Return the scan of these frames, in this order."""
        own = self.mask is not None and self.mask.ndim == 3
        mask = self.mask[rows] if self.mask is not None and own else self.mask
        return self.but(frames=self.frames[rows], positions=self.positions[rows], mask=mask)


class BlackBox(Protocol):
    """A function `reconstruct`, or an object with one."""

    def reconstruct(
        self, scan: Scan, settings: Mapping[str, Any]
    ) -> tuple[Array, tuple[float, float]]:
        """Return the object (H, W) complex in the gauge of the probe, NaN where nothing is known, and its origin (x, y):
        column and row, in the frame of the positions, of object[0, 0].
        """


def answered(value: Any) -> tuple[Array, Any]:
    """Return object, a copy, and origin of what a black box returned; raises AnswerError for anything else.

    A box that hands out one buffer again and again must not change what it said before.
    """
    if not isinstance(value, tuple | list) or len(value) != 2:
        kind = type(value).__name__
        got = f"{kind} of {len(value)}" if hasattr(value, "__len__") else repr(value)
        raise no_answer("the answer", got, "(object, origin)", "return a pair")
    image, place = value
    if not hasattr(image, "__array__") or np.ma.isMaskedArray(image):
        kind, step = type(image).__name__, "return a numpy array, NaN where nothing is known"
        raise no_answer("the object", kind, "an array without a mask", step)
    return np.array(image), copy.copy(place)


def no_answer(what: str, value: object, limit: str, step: str) -> AnswerError:
    """Return the error that says what an answer is not."""
    return AnswerError(
        f"{what} is not {limit}", value=value, limit=limit, source="answer", next_step=step
    )


class Watch:
    """What a question must leave as it was: arrays and settings that are handed in, and the random states of the process."""

    def __init__(self, scan: Scan, settings: Mapping[str, Any]) -> None:
        self.scan, self.settings = scan, settings
        self.before = self._state()

    def _state(self) -> dict[str, Any]:
        arrays = {name: array_digest(getattr(self.scan, name)) for name in ARRAYS}
        return {**arrays, "settings": copy.deepcopy(dict(self.settings)), **random_states()}

    def changed(self) -> tuple[str, ...]:
        """Return the names of what is not as it was."""
        after = self._state()
        return tuple(name for name, state in self.before.items() if after[name] != state)


ARRAYS = ("frames", "positions", "probe")
PYTHON, NUMPY = STATES = ("Python's random state", "numpy's random state")


def random_states() -> dict[str, Any]:
    """Return the states of the random generators that a whole process shares."""
    state: Any = np.random.get_state(legacy=False)  # looked at, not used
    own = (state["state"]["key"].tobytes(), state["state"]["pos"])
    return {PYTHON: random.getstate(), NUMPY: own}


def scan_of(raw: RawScan) -> Scan:
    """Return a simulated or measured scan as a black box gets it: whole counts."""
    counts = np.rint((raw.diff3d.astype(np.float64) * raw.scale) ** 2).astype(np.float32)
    return Scan(counts, raw.positions, raw.probeGuess, raw.scale, mask=raw.mask)


def raw_of(scan: Scan) -> RawScan:
    """Return what this package's own functions take."""
    x, y = scan.positions.T
    return RawScan(
        xcoords=x,
        ycoords=y,
        xcoords_start=x,
        ycoords_start=y,
        diff3d=scan.amplitude,
        probeGuess=scan.probe,
        scan_index=np.zeros(len(x), np.int64),
        scale=scan.scale,
        mask=scan.mask,
    )
