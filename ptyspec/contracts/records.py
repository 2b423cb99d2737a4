"""What a run leaves as JSON: settings, environment, one record a stage, one row an epoch, scores.

A model is its document's schema (docs/schemas is made from it), and writing goes through it.
"""

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from ptyspec.contracts.base import Record

SCHEMA_VERSION: Literal[1] = 1


class Setting(Record):
    """The effective value of a setting and who set it."""

    value: Any
    source: str


class ScenarioFile(Record):
    """scenario.json: every effective setting, by dotted key, and where it came from."""

    schema_version: Literal[1] = SCHEMA_VERSION
    name: str
    values: dict[str, Setting]


class Environment(Record):
    """environment.json: what must be equal for equal bits."""

    schema_version: Literal[1] = SCHEMA_VERSION
    time: str
    versions: dict[str, str | None]
    backend: str | None
    threads: dict[str, int | None]
    onednn: str | None
    cpu: dict[str, str | int | None]
    platform: str | None
    seeds: dict[str, int]
    commit: str | None
    faults: list[str]
    """Faults that were applied on purpose."""


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


class StagesFile(Record):
    """stages.json: one record a stage."""

    schema_version: Literal[1] = SCHEMA_VERSION
    stages: tuple[StageRecord, ...]


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
    """history.json: the training of a run, one row an epoch; null without training."""

    schema_version: Literal[1] = SCHEMA_VERSION
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

    schema_version: Literal[1] = SCHEMA_VERSION
    files: dict[str, FileRecord]


Number = float | None


class Open(Record):
    """Numbers that others may rely on; a scorer may add its own beside them."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, strict=True)


class Unscored(Open):
    """Why a block could not be scored."""

    reason: str


class AmplitudeScores(Open):
    """Amplitudes against the truth; nothing is rescaled."""

    mean_ratio: Number
    least_squares_scalar: Number
    pearson_r: Number
    highpass_pearson_r: Number
    ssim: Number
    mae: Number
    rmse: Number
    max_abs: Number


class PhaseScores(Open):
    """Phases against the truth, after one global phase."""

    pearson_r: Number
    mae: Number


class ComplexScores(Open):
    """Complex objects against the truth, after one global phase."""

    nrmse: Number
    correlation_mean_free: Number


class DataScores(Open):
    """The measured patterns against those that the object would give."""

    r_factor: Number
    poisson_deviance_per_pixel: Number


class Rings(Open):
    """A Fourier ring correlation: the curve, its threshold, and where it falls below one half."""

    frequency: list[Number] | None
    curve: list[Number] | None
    half_bit: list[Number] | None
    first_crossing_half: Number
    last_crossing_half: Number


class RingScores(Open):
    """Fourier ring correlation with the truth."""

    amplitude: Rings
    complex: Rings


class Block(Open):
    """The scores of one estimator; a part is absent where there is nothing to compare with."""

    amplitude: AmplitudeScores | None = None
    phase: PhaseScores | Unscored | None = None
    complex: ComplexScores | Unscored | None = None
    data: DataScores | Unscored | None = None
    frc: RingScores | None = None
    has_nan: bool | None = None


class Controls(Open):
    """Scores of the estimators that a network is compared with, by name."""

    trivial: Block
    untrained: Block
    iterative: Block


class Metrics(Block):
    """metrics.json: scores of the network beside those of its controls."""

    schema_version: Literal[1] = SCHEMA_VERSION
    has_nan: bool
    refined: Block | None = None
    controls: Controls

    @model_validator(mode="after")
    def _scored(self) -> "Metrics":
        if self.amplitude is None and self.data is None:
            raise ValueError("neither amplitude nor data is scored")
        return self
