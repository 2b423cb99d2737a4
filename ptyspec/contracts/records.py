"""What a run leaves as JSON: one record a stage, one row an epoch (schemas under docs/schemas)."""

from __future__ import annotations

from pydantic import Field

from ptyspec.contracts.base import Record

SCHEMA_VERSION = 1


class ArrayStats(Record):
    """Summary of one array; complex arrays are summarised by modulus, NaN are counted and left out."""

    shape: tuple[int, ...]
    dtype: str
    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    energy: float | None
    """Sum of squared modulus."""
    nan_count: int


class StageRecord(Record):
    """One stage of a run."""

    name: str
    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    arrays: dict[str, ArrayStats] = Field(default_factory=dict)
    numbers: dict[str, float] = Field(default_factory=dict)
    """Scalars such as gain, scale, a0, padded_size, required_canvas."""
    flags: dict[str, bool] = Field(default_factory=dict)
    """Yes-or-no facts such as fits_canvas."""


class EpochRecord(Record):
    """One epoch of training."""

    epoch: int
    learning_rate: float
    seconds: float
    finite: bool
    metrics: dict[str, float | None]
    """Every loss and metric; None where the value was not finite."""


class FirstNan(Record):
    """Where the first non-finite loss appeared."""

    epoch: int
    step: int
    metric: str


class History(Record):
    """The training of a run."""

    schema_version: int = SCHEMA_VERSION
    monitor: str
    best_epoch: int
    epochs: tuple[EpochRecord, ...]
    first_nan: FirstNan | None = None


class FileRecord(Record):
    """A file of a finished run as it was written."""

    bytes: int
    sha256: str


class FileList(Record):
    """files.json: the data files of a finished run, written after all of them."""

    schema_version: int = SCHEMA_VERSION
    files: dict[str, FileRecord]
