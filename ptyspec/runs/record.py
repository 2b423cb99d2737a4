"""What one stage of a pipeline did: time, memory, and a summary of every array it hands on (stages.json)."""

from __future__ import annotations

import math
import mmap
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import SupportsFloat

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.records import ArrayStats, StageRecord
from ptyspec.errors import ScanDataError
from ptyspec.pipeline.progress import Progress, Silent

CHUNK = 1 << 18
"""Values summarised at a time: small enough for the cache, so that a mapped file needs no memory."""
RELEASE_EVERY = 64


def array_stats(array: Array) -> ArrayStats:
    """Summarise an array of numbers in one pass and constant memory, in double precision.

    Complex values count by their modulus, booleans as 0 and 1. Values that are not finite are counted in
    `nan_count` and left out; where none is left, and where a sum overflows, the figures are None.
    Raises ScanDataError for an array that does not hold numbers.
    """
    array = np.asanyarray(array)
    if array.dtype.kind not in "biufc":
        raise ScanDataError(
            "only arrays of numbers can be summarised", value=array.dtype, limit="numeric dtype"
        )
    sums = _Sums()
    if array.size:
        chunks = np.nditer(array, flags=["external_loop", "buffered"], order="K", buffersize=CHUNK)
        for number, chunk in enumerate(chunks, start=1):
            sums.add(np.asarray(chunk))  # a view; the stubs know nditer's several-operand form only
            if number % RELEASE_EVERY == 0:
                _release(array)
    return sums.stats(array)


def _release(array: Array) -> None:
    """Hand the pages of an array that is mapped read-only back to the system, which can read them again."""
    if isinstance(array, np.memmap) and array.mode == "r":
        base = array.base
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            base.madvise(mmap.MADV_DONTNEED)


@dataclass
class _Sums:
    """Running count, mean and squared deviation, joined chunk by chunk (Chan, Golub and LeVeque 1979)."""

    count: int = 0
    mean: float = 0.0
    deviation: float = 0.0
    energy: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, chunk: Array) -> None:
        values = (np.abs(chunk) if chunk.dtype.kind == "c" else chunk).astype(np.float64)
        finite = np.isfinite(values)
        if not finite.all():
            values = values[finite]
        if not values.size:
            return
        mean, size = float(values.mean()), values.size
        with np.errstate(over="ignore"):  # an overflow becomes None in the record
            self.energy += float(np.einsum("i,i->", values, values))
            self.low, self.high = (
                min(self.low, float(values.min())),
                max(self.high, float(values.max())),
            )
            values -= mean
            deviation = float(np.einsum("i,i->", values, values))
        shift, total = mean - self.mean, self.count + size
        self.deviation += deviation + shift * shift * self.count * size / total
        self.mean += shift * size / total
        self.count = total

    def stats(self, array: Array) -> ArrayStats:
        some = self.count > 0
        return ArrayStats(
            shape=array.shape,
            dtype=str(array.dtype),
            min=_finite(self.low),
            max=_finite(self.high),
            mean=_finite(self.mean) if some else None,
            std=_finite(math.sqrt(self.deviation / self.count)) if some else None,
            energy=_finite(self.energy) if some else None,
            nan_count=array.size - self.count,
        )


@dataclass
class StageNote:
    """What a stage writes down while it runs; `record` is there once the stage has ended."""

    name: str
    arrays: dict[str, ArrayStats] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    record: StageRecord | None = None
    _aside: tuple[float, float] = (0.0, 0.0)

    def array(self, name: str, array: Array) -> None:
        """Write down an array's summary; the time this takes is not counted as the stage's."""
        start = _clocks()
        self.arrays[name] = array_stats(array)
        spent = _since(start)
        self._aside = (self._aside[0] + spent[0], self._aside[1] + spent[1])

    def number(self, name: str, value: SupportsFloat) -> None:
        """Write down a scalar such as the gain; raises ScanDataError when it is not finite."""
        if not math.isfinite(value):
            raise ScanDataError(
                f"{name} of stage {self.name} is not finite", value=value, limit="a finite number"
            )
        self.numbers[name] = float(value)

    def flag(self, name: str, value: bool) -> None:
        """Write down a yes-or-no fact such as fits_canvas."""
        self.flags[name] = bool(value)

    def close(self, start: tuple[float, float]) -> StageRecord:
        """End the stage that began at `start` and return its record."""
        seconds, cpu_seconds = _since(start)
        self.record = StageRecord(
            name=self.name,
            seconds=max(seconds - self._aside[0], 0.0),
            cpu_seconds=max(cpu_seconds - self._aside[1], 0.0),
            peak_rss_mb=peak_rss_mb(),
            arrays=self.arrays,
            numbers=self.numbers,
            flags=self.flags,
        )
        return self.record


@contextmanager
def stage(name: str, progress: Progress | None = None) -> Iterator[StageNote]:
    """Measure a stage and tell `progress` of its start and its end; a stage that raises has no record."""
    watcher = progress if progress is not None else Silent()
    watcher.stage_started(name)
    note = StageNote(name)
    start = _clocks()
    try:
        yield note
    except Exception as error:
        error.stage = name  # type: ignore[attr-defined]  # a clause that names the rejecting stage reads it
        raise
    watcher.stage_finished(note.close(start))


def peak_rss_mb() -> float:
    """Return the largest resident memory of this process so far, in 10^6 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return peak * unit / 1e6


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(start: tuple[float, float]) -> tuple[float, float]:
    now = _clocks()
    return now[0] - start[0], now[1] - start[1]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
