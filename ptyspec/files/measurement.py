"""What the stored frames are - amplitude or counts - and on which scale (DATA-001, NORMALIZE-DATA-UINT16-001).

The kind is declared, by the file or by the caller. Values never decide it; where they speak against the
declaration, the scan carries a warning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias, cast

import numpy as np

from ptyspec.contracts.bundles import Array, check_values
from ptyspec.errors import MeasurementError, ScanDataError
from ptyspec.files.zipped_arrays import blocks
from ptyspec.physics.scale import intensity_scale, mean_energy

Measurement: TypeAlias = Literal["amplitude", "counts"]
KINDS = ("amplitude", "counts")
SAMPLED_FRAMES = 32
LEAST_MAXIMUM = 4
"""Integers no larger than this occur in dark amplitude frames too and say nothing."""
SQUARE_RANGE = 1e5
"""Squares above this are not distinguishable from integers in float32."""


def declared_kind(
    stored: str | None, asked: Measurement | None, dtype: np.dtype[np.generic], source: str
) -> Measurement | None:
    """Return the declared kind, or None where nothing is declared.

    Raises MeasurementError when file and caller disagree, when the word is unknown, or when undeclared frames are
    integers, which an amplitude in this contract cannot be.
    """
    for word in (stored, asked):
        if word is not None and word not in KINDS:
            raise MeasurementError(
                "unknown kind of measurement",
                value=word,
                limit=" or ".join(KINDS),
                source=source,
                next_step="set the key `measurement` to one of the two",
            )
    if stored is not None and asked is not None and stored != asked:
        raise MeasurementError(
            "the file declares another kind of measurement than you did",
            value=f"you: {asked}",
            limit=f"file: {stored}",
            source=source,
            next_step=f"drop `--measurement {asked}`, or correct the key `measurement` in the file",
        )
    kind = asked or cast("Measurement | None", stored)
    if kind is None and dtype.kind in "iub":
        raise MeasurementError(
            "the frames are integers, so they are counts, but nothing declares it",
            value=dtype,
            source=source,
            limit="float32 amplitude unless declared",
            next_step="pass `--measurement counts`, or add the key measurement='counts' to the file",
        )
    return kind


def contradictions(frames: Array, kind: Measurement | None) -> list[str]:
    """Return warnings where a sample of the values speaks against the kind (None = amplitude by default)."""
    step = max(1, len(frames) // SAMPLED_FRAMES)
    sample = np.asarray(frames[::step][:SAMPLED_FRAMES], np.float64)
    if not np.isfinite(sample).all():
        return []  # refused with its place when the scan is made
    whole = bool(np.array_equal(sample, np.rint(sample)))
    if kind == "counts" and not whole:
        small = sample[np.square(sample) < SQUARE_RANGE]
        squares = np.square(small)
        roots = bool(np.all(np.abs(squares - np.rint(squares)) <= 1e-4 + 1e-6 * squares))
        like = (
            "square roots of integers: they look like amplitudes" if roots else "not whole numbers"
        )
        return [f"declared counts, but the values are {like}"]
    if kind != "counts" and whole and sample.max() >= LEAST_MAXIMUM:
        mean = sample.mean(axis=0)
        lit = mean > 0
        ratio = float(np.median(sample.var(axis=0)[lit] / mean[lit]))
        stated = "declared amplitude" if kind else "no measurement declared, amplitude assumed"
        largest = f"whole numbers up to {sample.max():g} (variance/mean {ratio:.3g})"
        return [
            f"{stated}, but all values are {largest}: they look like counts; if so, pass `--measurement counts`"
        ]
    return []


def amplitude_of(frames: Array, kind: Measurement, scale: float, name: str, source: str) -> Array:
    """Return X: the frames themselves if they are amplitudes, sqrt(counts) / scale float32 if they are counts.

    The root is taken in float64, so that no integer dtype wraps (NORMALIZE-DATA-UINT16-001). Amplitudes are returned
    untouched, on disk if they were. Raises ScanDataError for counts that are negative or not finite.
    """
    if kind == "amplitude":
        return frames
    out = np.empty(frames.shape, np.float32)
    done = 0
    for block in blocks(frames):
        check_values(name, block, non_negative=True, source=source)
        out[done : done + len(block)] = np.sqrt(block.astype(np.float64)) / scale
        done += len(block)
    return out


def stored_scale(numbers: Mapping[str, object], source: str) -> tuple[float, str] | None:
    """Return (s, its origin) from the keys `scale` or `intensity_scale`, or None; ScanDataError unless finite, > 0."""
    for key in ("scale", "intensity_scale"):
        if key in numbers:
            return _positive(numbers[key], key, source), f"key {key}"
    return None


def scale_from_dose(amplitude: Array, nphotons: object, key: str, source: str) -> tuple[float, str]:
    """Return s = sqrt(nphotons / mean sum X^2) and its origin; ScanDataError unless nphotons > 0 and light fell."""
    photons = _positive(nphotons, key, source)
    energy = mean_energy(amplitude)
    if not np.isfinite(energy):
        check_values("diff3d", amplitude, source=source)
    if not (np.isfinite(energy) and energy > 0):
        raise ScanDataError(
            "the scale cannot be derived from nphotons: the frames hold no energy",
            value=energy,
            limit="> 0",
            source=source,
            next_step="check the frames, or store the key `scale`",
        )
    return intensity_scale(photons, energy), f"sqrt(nphotons / mean energy), {key}"


def _positive(value: object, key: str, source: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise ScanDataError(
        f"{key} is not a positive number",
        value=repr(value),
        limit="finite and > 0",
        source=f"{source}[{key}]",
        next_step=f"store {key} as one positive float, or remove it",
    )
