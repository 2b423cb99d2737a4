"""What a pipeline is: eight stages with typed hand-overs. Other people's pipelines can stand in for ours here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ptyspec.contracts.bundles import (
    Array,
    Container,
    GroupedScan,
    Patches,
    RawScan,
    Reconstruction,
)
from ptyspec.contracts.records import EpochRecord, History, StageRecord
from ptyspec.contracts.scenario import Scenario


class Progress:
    """Receives events. As it stands nobody listens; a terminal or a test says what it does with each."""

    def stage_started(self, name: str) -> None:
        """A stage begins."""

    def stage_finished(self, record: StageRecord) -> None:
        """A stage ended."""

    def message(self, text: str) -> None:
        """Something that the user should know while waiting."""

    def step(self, done: int, total: int, note: str = "") -> None:
        """Part of the current stage is done (batches, sweeps); `note` is a short text such as the loss."""

    def epoch(self, record: EpochRecord, total: int) -> None:
        """A training epoch ended."""


@dataclass(frozen=True)
class TrainTest:
    """The frames that train and the frames that are reconstructed; the same scan twice where nothing is held out."""

    train: RawScan
    test: RawScan


@dataclass(frozen=True)
class GroupedTrainTest:
    """Groups of both splits."""

    train: GroupedScan
    test: GroupedScan


@dataclass(frozen=True)
class Containers:
    """Normalised groups of both splits; gain, scale and a0 are the training split's in both."""

    train: Container
    test: Container


@dataclass(frozen=True)
class Trained:
    """A generator with chosen and with initial weights; `predict` maps weights and groups to patches."""

    weights: list[Array]
    untrained: list[Array]
    history: History
    predict: Callable[[list[Array], Container], Patches]


@dataclass(frozen=True)
class Session:
    """What surrounds a run and changes nothing in its result: who watches, where checkpoints go."""

    progress: Progress = field(default_factory=Progress)
    checkpoints: Path | None = None
    resume: bool = False


class Pipeline(Protocol):
    """Eight stages, each a function of the scenario and of what the stage before it made.

    Two more attributes are used where a pipeline has them: `code_version`, text that enters the key of stored runs
    beside the code of our own stages, and `annotate(note)`, which adds its remarks to the record of each stage.
    """

    @property
    def name(self) -> str:
        """Enters the key of stored runs: pipelines of one name compute the same."""

    def simulate(self, scenario: Scenario) -> RawScan:
        """Make or read the scan."""

    def split(self, scenario: Scenario, scan: RawScan) -> TrainTest:
        """Divide its frames."""

    def group(self, scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
        """Form overlapping groups within each split."""

    def normalize(self, scenario: Scenario, groups: GroupedTrainTest) -> Containers:
        """Condition them by numbers of the training split."""

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        """Fit the generator."""

    def infer(self, scenario: Scenario, trained: Trained, container: Container) -> Patches:
        """Predict object patches."""

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        """Put them on the object's canvas."""

    def score(
        self, scenario: Scenario, scan: RawScan, reconstruction: Reconstruction
    ) -> dict[str, Any]:
        """Compare with the truth, or with the data where there is none."""
