"""What one stage of a pipeline did (stages.json): time, memory, and a summary of every array it hands on."""

import math
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import release_pages
from ptyspec.contracts.bundles import Array, Patches, RawScan, Reconstruction
from ptyspec.contracts.records import ArrayStats, StageRecord
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ScanDataError
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest, Progress, Trained, TrainTest

CHUNK = 1 << 18
"""Values summarised at a time: small enough for the cache, so that a mapped file needs no memory."""


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
    count, mean, deviation, energy = 0, 0.0, 0.0, 0.0
    low, high = math.inf, -math.inf
    how: Any = {"flags": ["external_loop", "buffered"], "order": "K", "buffersize": CHUNK}
    for number, chunk in enumerate(np.nditer(array, **how) if array.size else (), start=1):
        part = np.asarray(chunk)  # a view; the stubs know nditer's several-operand form only
        values = (np.abs(part) if part.dtype.kind == "c" else part).astype(np.float64)
        values = values[np.isfinite(values)]
        if number % 64 == 0:
            release_pages(array)
        if not values.size:
            continue
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        # Running mean and squared deviation, joined chunk by chunk (Chan, Golub and LeVeque 1979).
        shift, total = float(values.mean()) - mean, count + values.size
        with np.errstate(over="ignore"):  # an overflow becomes None in the record
            energy += float(np.einsum("i,i->", values, values))
            values -= shift + mean
            deviation += float(np.einsum("i,i->", values, values))
        deviation += shift * shift * count * values.size / total
        mean += shift * values.size / total
        count = total
    figures = {"min": low, "max": high, "mean": mean, "energy": energy}
    figures["std"] = math.sqrt(deviation / count) if count else math.nan
    known = {
        key: value if count and math.isfinite(value) else None for key, value in figures.items()
    }
    return ArrayStats(
        shape=array.shape, dtype=str(array.dtype), nan_count=array.size - count, **known
    )


@dataclass
class StageNote:
    """What a stage writes down while it runs; `record` is there once the stage has ended."""

    name: str
    arrays: dict[str, ArrayStats] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    record: StageRecord | None = None
    aside: Array = field(default_factory=lambda: np.zeros(2))
    """Wall clock and processor seconds that writing took."""

    def write(self, facts: Mapping[str, Any]) -> None:
        """Write down summaries of arrays, scalars such as the gain, and yes-or-no facts such as fits_canvas.

        The time this takes is not counted as the stage's. Raises ScanDataError for a number that is not finite.
        """
        start = _clocks()
        for name, value in facts.items():
            if isinstance(value, np.ndarray):
                self.arrays[name] = array_stats(value)
            elif isinstance(value, bool | np.bool_):
                self.flags[name] = bool(value)
            elif math.isfinite(value):
                self.numbers[name] = float(value)
            else:
                what = f"{name} of stage {self.name} is not finite"
                raise ScanDataError(what, value=value, limit="a finite number")
        self.aside = self.aside + _clocks() - start


@contextmanager
def stage(name: str, progress: Progress | None = None) -> Iterator[StageNote]:
    """Measure a stage and tell `progress` of its start and its end; a stage that raises has no record."""
    watcher = progress if progress is not None else Progress()
    watcher.stage_started(name)
    note, start = StageNote(name), _clocks()
    try:
        yield note
    except Exception as error:
        error.stage = name  # type: ignore[attr-defined]  # a clause that names the rejecting stage reads it
        raise
    seconds, cpu_seconds = np.maximum(_clocks() - start - note.aside, 0.0).tolist()
    note.record = StageRecord(
        name=name,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_rss_mb=peak_rss_mb(),
        arrays=note.arrays,
        numbers=note.numbers,
        flags=note.flags,
    )
    watcher.stage_finished(note.record)


def peak_rss_mb() -> float:
    """Return the largest resident memory of this process so far, in 10^6 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def _clocks() -> Array:
    return np.array([time.perf_counter(), time.process_time()])


Facts = dict[str, Any]


def scan_facts(made: RawScan) -> Facts:
    """The raw scan."""
    truth = {} if made.objectGuess is None else {"object": made.objectGuess}
    arrays = {"diff3d": made.diff3d, "probe": made.probeGuess, **truth}
    return {**arrays, "frames": made.size, "scale": made.scale}


def split_facts(made: TrainTest) -> Facts:
    """Both splits."""
    parts = {"train": made.train, "test": made.test}
    arrays = {f"{name}.diff3d": part.diff3d for name, part in parts.items()}
    return arrays | {f"{name}.frames": part.size for name, part in parts.items()}


def group_facts(made: GroupedTrainTest) -> Facts:
    """Groups of both splits; frames of a group are summarised where they lie, in the scan."""
    facts: Facts = {}
    for name, part in (("train", made.train), ("test", made.test)):
        facts[f"{name}.nn_indices"] = part.nn_indices
        facts[f"{name}.coords_relative"] = part.coords_relative
        facts[f"{name}.groups"] = part.size
        facts[f"{name}.frames_used"] = len(np.unique(part.nn_indices))
    return facts


def container_facts(made: Containers, scenario: Scenario) -> Facts:
    """Gain, scale, a0, canvas; a sample of the network's input beside the raw amplitude it came from."""
    train = made.train
    sample = train.amplitude(np.arange(min(train.size, 64)))
    offsets = (part.groups.coords_relative for part in (made.train, made.test))
    need = max(required_canvas(part, scenario.model.N) for part in offsets)
    padded = scenario.model.canvas or need
    return {
        "train.amplitude": sample,
        "train.network_input": np.float32(train.gain) * sample,
        **{name: getattr(train, name) for name in ("gain", "scale", "a0")},
        "required_canvas": need,
        "padded_size": padded,
        "fits_canvas": padded >= need,
    }


def training_facts(made: Trained) -> Facts:
    """Size and outcome of training."""
    epochs = made.history.epochs
    return {
        "parameters": sum(weight.size for weight in made.weights),
        "best_epoch": made.history.best_epoch,
        **{name: value for name, value in epochs[-1].metrics.items() if value is not None},
        "finite": all(record.finite for record in epochs),
    }


def object_facts(made: Reconstruction, from_patches: Patches) -> Facts:
    """The stitched object; the weight ledger shows that no patch was dropped."""
    return {
        "object": made.object,
        "coverage": made.coverage,
        "patches": from_patches.object.shape[0] * from_patches.object.shape[-1],
        "covered_pixels": int(np.isfinite(made.object).sum()),
    }


def score_facts(made: Mapping[str, Any]) -> Facts:
    """The headline."""
    scores = made.get("amplitude", {})
    names = ("mean_ratio", "pearson_r", "highpass_pearson_r", "ssim")
    known = {name: scores[name] for name in names if scores.get(name) is not None}
    return {**known, "has_nan": bool(made["has_nan"])}
